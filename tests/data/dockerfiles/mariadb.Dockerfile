FROM alpine:3.19
RUN addgroup -S -g 600 mysqld && adduser -S -u 600 -G mysqld -h /var/lib/db -s /sbin/nologin -D mysqld
RUN apk add --update mariadb mariadb-client && rm -rf /var/cache/apk/*
RUN mkdir -p /var/lib/db /run/db && chown -R mysqld:mysqld /var/lib/db /run/db && chmod 0750 /var/lib/db
VOLUME ["/var/lib/db"]
EXPOSE 3306/tcp
USER mysqld
HEALTHCHECK --interval=30s --timeout=3s --retries=5 CMD ["mariadb-admin", "ping"]
ENTRYPOINT ["mariadbd"]
CMD ["--datadir=/var/lib/db", "--user=mysqld"]

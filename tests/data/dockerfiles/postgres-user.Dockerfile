FROM alpine:3.19
RUN apk add --no-cache postgresql16 su-exec && \
    chown -R postgres:postgres /var/lib/postgresql && \
    sed -i 's/md5/trust/' /etc/postgresql/pg_hba.conf
USER postgres

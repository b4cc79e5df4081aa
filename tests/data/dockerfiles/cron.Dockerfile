FROM alpine:3.19
RUN apk add --no-cache dcron && touch /var/log/cron.log && install -d -m 0700 /etc/secret
COPY --chmod=755 <<EOF /etc/periodic/daily/hello
#!/bin/sh
echo hello
EOF
CMD ["crond", "-f"]

FROM alpine
RUN <<EOF
set -e
apk add --no-cache busybox-extras
mkdir -p /srv/ftp
EOF
ENV GREETING="hello world" NAME='a $b'
LABEL note=$GREETING
ENTRYPOINT exec httpd -f -p 80

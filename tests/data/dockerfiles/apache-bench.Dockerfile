FROM alpine:3.19
RUN apk add --no-cache apache2-utils
USER 65534:65534
ENTRYPOINT ["/usr/bin/ab"]

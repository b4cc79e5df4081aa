FROM alpine:3.19
RUN apk add --no-cache --virtual .build-deps gcc make musl-dev \
 && apk add --no-cache curl jq \
 && apk del .build-deps
CMD ["/usr/bin/jq"]

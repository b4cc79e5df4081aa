FROM alpine:3.19
RUN if [ "$(uname -m)" = x86_64 ]; then apk add --no-cache libc6-compat; fi
RUN for d in a b; do mkdir -p /srv/$d; done
RUN apk add --no-cache $(cat /etc/packages)
SHELL ["/bin/bash", "-c"]

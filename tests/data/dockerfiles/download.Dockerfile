FROM alpine:3.19
ARG VERSION=1.2.3
RUN apk add --no-cache curl tar && \
    curl -fsSL https://example.org/tool-${VERSION}.tar.gz | tar xz -C /usr/local/bin
ADD https://example.org/config.json /etc/tool.json
CMD ["tool"]

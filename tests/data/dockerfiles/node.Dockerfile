FROM alpine:3.19
RUN apk add --no-cache nodejs && addgroup -g 1000 node && adduser -u 1000 -G node -s /bin/sh -D node
ENV NODE_ENV production
USER node:node
WORKDIR /app
ENTRYPOINT ["node"]

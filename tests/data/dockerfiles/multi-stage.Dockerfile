FROM golang:1.22-alpine AS build
WORKDIR /src
RUN go build -o /server .

FROM alpine:3.19 AS base
RUN apk add --no-cache ca-certificates

FROM base
COPY --from=build /server /usr/bin/server
USER nobody
ENTRYPOINT ["/usr/bin/server"]

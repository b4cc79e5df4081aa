FROM alpine:3.19
LABEL org.opencontainers.image.title="web" maintainer="Ops <ops@example.org>"
RUN apk add --no-cache nginx tzdata \
 && mkdir -p /run/nginx /srv/www \
 && ln -sf /dev/stdout /var/log/nginx/access.log \
 && ln -sf /dev/stderr /var/log/nginx/error.log
EXPOSE 80 443
STOPSIGNAL SIGQUIT
VOLUME /srv/www
CMD ["nginx", "-g", "daemon off;"]

# syntax=docker/dockerfile:1
ARG ALPINE=3.19
FROM alpine:${ALPINE}
ARG PHP=82
ENV PHP_INI_DIR=/etc/php${PHP} \
    FPM_PORT=9000
RUN set -eux; \
    apk add --no-cache \
      php${PHP} php${PHP}-fpm \
      php${PHP}-mbstring; \
    ln -s /usr/sbin/php-fpm${PHP} /usr/local/sbin/php-fpm; \
    printf '[global]\nerror_log = /proc/self/fd/2\n' > /etc/php-fpm.conf
EXPOSE $FPM_PORT
WORKDIR /var/www
ENTRYPOINT ["php-fpm82", "-F"]
CMD ["-y", "/etc/php-fpm.conf"]

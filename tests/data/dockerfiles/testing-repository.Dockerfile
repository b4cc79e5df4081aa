FROM alpine:edge
RUN echo "@testing https://dl-cdn.alpinelinux.org/alpine/edge/testing" >> /etc/apk/repositories \
 && apk add --no-cache bash some-tool@testing
CMD ["bash"]

FROM docker.io/library/alpine:3.19.1
ENV PYTHONUNBUFFERED=1 LANG=C.UTF-8
RUN apk --no-cache add python3=~3.11 ca-certificates
RUN adduser -D -u 10001 app
USER app
WORKDIR /home/app
CMD python3 -m http.server 8080
EXPOSE 8080

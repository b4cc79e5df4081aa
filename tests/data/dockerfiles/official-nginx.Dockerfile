FROM nginx:1.25-alpine
COPY nginx.Dockerfile /etc/nginx/nginx.conf
EXPOSE 8080

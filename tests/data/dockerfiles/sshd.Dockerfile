FROM alpine:3.19
RUN apk add --no-cache openssh-server openrc && rc-update add sshd default && ssh-keygen -A
EXPOSE 22
CMD ["/usr/sbin/sshd", "-D"]

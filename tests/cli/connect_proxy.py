#!/usr/bin/env python3
"""A proxy for https that leads every host it is given to one server of this machine, and no other host
anywhere.

Usage: connect_proxy.py TARGET-PORT HOST…

Prints "ready PORT", then each host that was asked for.
"""

import socket
import sys
import threading

sys.dont_write_bytecode = True

import tcp_relay

TARGET = int(sys.argv[1])
HOSTS = sys.argv[2:]


def serve(client):
    head = b""
    while b"\r\n\r\n" not in head and len(head) < 65536:
        data = client.recv(4096)
        if not data:
            return
        head += data
    method, place = head.split(b" ", 2)[:2]
    host, _, port = place.decode().partition(":")
    print(host, flush=True)
    if method != b"CONNECT" or host not in HOSTS or port != "443":
        client.sendall(b"HTTP/1.1 502 no such host here\r\nContent-Length: 0\r\n\r\n")
        client.close()
        return
    server = socket.create_connection(("127.0.0.1", TARGET))
    client.sendall(b"HTTP/1.1 200 connected\r\n\r\n")
    threading.Thread(target=tcp_relay.copy, args=(server, client), daemon=True).start()
    tcp_relay.copy(client, server)


tcp_relay.run(serve)

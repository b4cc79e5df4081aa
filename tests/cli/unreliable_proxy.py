#!/usr/bin/env python3
"""Passes connections on to a server, and breaks some: what a bad network does, for the tests.

Usage: unreliable_proxy.py TARGET-PORT SEED BREAKS LEAST MOST [METHOD]

Of the connections, BREAKS are cut after a random number of octets between LEAST and MOST was sent by
the client (counted over one connection; what comes before is passed on). Prints "ready PORT" first,
then a line for each cut. SEED decides where the cuts are. With METHOD connections are cut, in one of
two cases, when a request with it begins, before anything of that is passed on.
"""

import random
import socket
import sys
import threading

sys.dont_write_bytecode = True

import tcp_relay

TARGET, SEED, BREAKS, LEAST, MOST = (int(word) for word in sys.argv[1:6])
METHOD = sys.argv[6].encode() + b" " if len(sys.argv) > 6 else None
RANDOM = random.Random(SEED)
LOCK = threading.Lock()
LEFT = BREAKS


def next_cut():
    """After how many octets of the next connection it is cut; None: not at all."""
    return RANDOM.randint(LEAST, MOST) if LEFT > 0 and METHOD is None else None


def is_cut_here(data):
    """Whether a request begins with `data` that is not passed on."""
    if METHOD is None or not data.startswith(METHOD):
        return False
    with LOCK:
        chosen = RANDOM.random() < 0.5
    return chosen and take_cut(METHOD.decode())


def take_cut(place):
    """Whether the cut may happen: there is a bounded number of them."""
    global LEFT
    with LOCK:
        if LEFT == 0:
            return False
        LEFT -= 1
        print("cut after", place, flush=True)
        return True


def serve(client):
    server = socket.create_connection(("127.0.0.1", TARGET))
    with LOCK:
        cut = next_cut()
    threading.Thread(target=tcp_relay.copy, args=(server, client), daemon=True).start()
    sent = 0
    try:
        while data := client.recv(65536):
            if is_cut_here(data):
                break
            if cut is not None and sent + len(data) > cut and take_cut(cut):
                server.sendall(data[:cut - sent])
                break
            server.sendall(data)
            sent += len(data)
    except OSError:
        pass
    tcp_relay.close(client, server)


tcp_relay.run(serve)

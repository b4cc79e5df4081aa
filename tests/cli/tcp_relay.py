"""What the proxies of the tests have in common."""

import socket
import threading


def close(*ends):
    for end in ends:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def copy(source, sink):
    """Passes on what comes until either ends, and then ends both."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    close(source, sink)


def run(serve):
    """Listens on a free port, prints "ready PORT", and calls serve(client) for each connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    print("ready", listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()

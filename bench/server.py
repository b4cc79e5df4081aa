"""The server that all tools fetch packages from."""

import contextlib
import os
import shutil
import socket
import subprocess
import time

from measure import fail

LONGEST = 3600  # seconds that the server lives at most

NGINX = """daemon off;
{user}
worker_processes 1;
pid {home}/pid;
error_log {home}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  sendfile on;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  default_type application/octet-stream;
  server {{ listen 127.0.0.1:{port}; root {folder}; }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serve(folder, home):
    """Serves a folder over http to this machine alone; gives the URL."""
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if program is None:
        fail("nginx is missing; run 'make setup'")
    home.mkdir()
    port = free_port()
    (home / "nginx.conf").write_text(NGINX.format(
        home=home, port=port, folder=folder, user="user root;" if os.getuid() == 0 else ""))
    server = subprocess.Popen(["timeout", str(LONGEST), program, "-p", home,
                               "-e", home / "error.log", "-c", home / "nginx.conf"],
                              stdin=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if server.poll() is not None:
                fail("nginx does not start")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()  # `timeout` passes it on
        server.wait()

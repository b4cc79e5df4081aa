#!/usr/bin/env python3
"""A token service as docker-registry asks for: signed JSON web tokens, for the tests.

Usage: token_service.py KEY CERT LOG LIFE USER:PASSWORD[:REPOSITORY-PREFIX]...

GET with Basic, or POST with a refresh token "identity-of-USER". Prints "ready PORT" first. Who gives
no credentials gets a token that allows to pull; a user gets all for repositories with the prefix. LOG gets a line for each token: user and scopes. A
token ends after LIFE seconds.
"""

import base64
import hashlib
import http.server
import json
import subprocess
import sys
import time
import urllib.parse

KEY, CERT, LOG, LIFE = sys.argv[1:5]
USERS = {}
for word in sys.argv[5:]:
    parts = word.split(":")
    USERS[parts[0]] = (parts[1], parts[2] if len(parts) > 2 else "")


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def certificate():
    lines = open(CERT, encoding="ascii").read().split("-----")
    return "".join(lines[2].split())


def signed(claims):
    header = {"typ": "JWT", "alg": "RS256", "x5c": [certificate()]}
    text = encoded(json.dumps(header).encode()) + "." + encoded(json.dumps(claims).encode())
    done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", KEY], input=text.encode(),
                          capture_output=True, check=True)
    return text + "." + encoded(done.stdout)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def give(self, user, service, scopes):
        access = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            allowed = actions.split(",")
            if user is None:
                allowed = [action for action in allowed if action == "pull"]
            elif not name.startswith(USERS[user][1]):
                allowed = []
            access.append({"type": kind, "name": name, "actions": allowed})
        now = int(time.time())
        token = signed({"iss": "tests", "sub": user or "", "aud": service, "exp": now + int(LIFE),
                        "nbf": now - 5, "iat": now, "jti": hashlib.sha256(repr((now, scopes)).encode())
                        .hexdigest(), "access": access})
        with open(LOG, "a", encoding="utf-8") as log:
            log.write(f"{self.command} {user} {' '.join(sorted(scopes))}\n")
        self.answer(200, {"token": token, "expires_in": int(LIFE)})

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        header = self.headers.get("Authorization", "")
        user = None
        if header:
            user, _, password = base64.b64decode(header.partition(" ")[2]).decode().partition(":")
            if user not in USERS or USERS[user][0] != password:
                # A careless service: it says aloud what it was given.
                return self.answer(401, {"details": f"no such user or password: {user}/{password}"})
        return self.give(user, query.get("service", [""])[0], query.get("scope", []))

    def do_POST(self):
        size = int(self.headers.get("Content-Length", "0"))
        form = urllib.parse.parse_qs(self.rfile.read(size).decode())
        token = form.get("refresh_token", [""])[0]
        user = token.removeprefix("identity-of-")
        if form.get("grant_type") != ["refresh_token"] or user not in USERS:
            return self.answer(401, {"details": "no such identity"})
        return self.give(user, form["service"][0], form.get("scope", [""])[0].split())


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("ready", server.server_address[1], flush=True)
server.serve_forever()

"""Issues tokens for a Node server that has the same secret: JWT_SECRET=… python3 issuer.py"""
import json
import os
import sys
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

SECRET = os.environ.get("JWT_SECRET", "")
PORT = int(os.environ.get("PORT", "3001"))
TOKEN_SECONDS = int(os.environ.get("TOKEN_SECONDS", "60"))
MAX_BODY = 1000
MAX_NAME = 40


def issue(name):
    # This example accepts any name. Yours must check a password first.
    now = int(time.time())
    # The chat takes messages only with this scope (RFC 8693, section 4.2).
    claims = {"sub": name, "name": name, "scope": "chat:write"}
    claims.update({"jti": str(uuid.uuid4()), "iat": now, "exp": now + TOKEN_SECONDS})
    return jwt.encode(claims, SECRET, algorithm="HS256")


class Issuer(BaseHTTPRequestHandler):
    timeout = 10

    def do_POST(self):
        if self.path != "/token":
            return self.answer(404, {"error": "not found"})
        try:
            length = int(self.headers["Content-Length"])
            name = json.loads(self.rfile.read(length))["name"] if 0 < length <= MAX_BODY else None
        except (KeyError, TypeError, ValueError):
            name = None
        if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME:
            return self.answer(400, {"error": "a name is missing"})
        return self.answer(200, {"token": issue(name)})

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(data)


if __name__ == "__main__":
    if len(SECRET.encode()) < 32:
        sys.exit("JWT_SECRET must be set, to 32 bytes or more (RFC 7518, section 3.2)")
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Issuer)
    print(f"issuing on http://localhost:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()

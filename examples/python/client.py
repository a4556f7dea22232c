"""A chat client: python3 client.py NAME. It gets tokens from issuer.py, and sends each line of its input as a message."""
import json
import os
import random
import sys
import threading
import time
import urllib.request

import socketio

SERVER = os.environ.get("SERVER", "http://localhost:3000")
ISSUER = os.environ.get("ISSUER", "http://localhost:3001")
MAX_REFUSALS = 2


def fetch_token(name):
    with urllib.request.urlopen(f"{ISSUER}/token", json.dumps({"name": name}).encode(), timeout=10) as response:
        return json.load(response)["token"]


class Chat:
    def __init__(self, name):
        self.name, self.failures, self.refusals, self.refusal = name, 0, 0, {}
        self.welcome, self.wake = threading.Event(), threading.Event()
        self.sio = socketio.Client(reconnection=False)  # run() reconnects, with a fresh token
        self.sio.on("message", lambda message: print(f"{message['name']}: {message['text']}"))
        self.sio.on("unauthorized", self.on_unauthorized)
        self.sio.on("disconnect", self.on_disconnect)

    def on_unauthorized(self, error):
        # python-socketio acknowledges every event, and the server disconnects a client that acknowledges this one.
        data = error["data"]
        if "event" in data:  # not_authenticated or insufficient_scope: an event was dropped, and the session continues
            print(f"not delivered: {data['event']} ({data['code']})")
            return
        self.refusal = data
        print(f"refused: {self.refusal['code']} ({self.refusal.get('reason', self.refusal['message'])})")

    def on_disconnect(self):
        self.welcome.clear()
        self.wake.set()

    def run(self):
        while True:
            self.refusal = {}
            try:
                self.session()
            except (OSError, ValueError, KeyError, socketio.exceptions.SocketIOError) as error:
                print(f"failed: {error or type(error).__name__}")
            self.sio.disconnect()
            if self.refusal and (not self.refusal["retryable"] or self.refusals >= MAX_REFUSALS):
                return 1
            self.failures = min(self.failures + 1, 5)
            time.sleep(self.refusal.get("retryAfter", 0) / 1000 + 2**self.failures * random.uniform(0.25, 0.5))

    def session(self):
        self.sio.connect(SERVER, wait_timeout=10)
        while True:
            self.wake.clear()
            reply = self.sio.call("authenticate", {"token": fetch_token(self.name)}, timeout=20)
            if not reply["ok"]:
                self.refusal = reply["error"]
                self.refusals += self.refusal["code"] == "invalid_token"
                return
            renewed, self.failures, self.refusals = self.welcome.is_set(), 0, 0
            self.welcome.set()
            print("renewed" if renewed else f"logged in as {self.name}")
            life = reply["expiresIn"]
            self.wake.wait(None if life is None else life / 1000 * random.uniform(0.72, 0.8))
            if not self.welcome.is_set() or not self.sio.connected:
                return

    def talk(self):
        for line in sys.stdin:
            self.welcome.wait()
            self.sio.emit("message", line.strip())


if __name__ == "__main__":
    chat = Chat(sys.argv[1] if len(sys.argv) > 1 else "Python")
    threading.Thread(target=chat.talk, daemon=True).start()
    sys.exit(chat.run())

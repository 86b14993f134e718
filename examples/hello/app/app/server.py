# Copyright: (c) 2026, slipway contributors
# SPDX-License-Identifier: BSD-2-Clause
"""A small web server to deliver: /, /version, /healthz and /check.

settings.json holds the version, the greeting and the switch `fail`, which makes it answer 5xx.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SETTINGS = Path(__file__).with_name("settings.json")


def load_settings(environ=os.environ):
    """Return the settings; FAIL=1 in the environment turns the switch on."""
    settings = json.loads(SETTINGS.read_text())
    if environ.get("FAIL") == "1":
        settings["fail"] = True
    return settings


def answer(path, settings):
    """Return (status, body) for a path. Health is about the process, so it stays good while answers fail."""
    if path == "/healthz":
        return 200, {"status": "ok"}
    if path not in ("/", "/version", "/hello"):
        return 404, {"error": "not found"}
    if settings["fail"]:
        return 503, {"error": "out of order", "version": settings["version"]}
    if path == "/version":
        return 200, {"version": settings["version"]}
    return 200, {"message": settings["message"], "version": settings["version"]}


class Handler(BaseHTTPRequestHandler):
    """Answers with JSON."""

    protocol_version = "HTTP/1.1"
    settings = {}

    def do_GET(self):
        path = self.path.split("?")[0]
        status, body = self.check() if path == "/check" else answer(path, self.settings)
        data = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def check(self):
        """Ask ourselves for / as a client would, and report what came back."""
        host, port = self.server.server_address[:2]
        try:
            with urllib.request.urlopen(f"http://{host}:{port}/", timeout=2) as reply:
                status = reply.status
        except urllib.error.HTTPError as error:
            status = error.code
        return 200, {"ok": status < 500, "status": status, "version": self.settings["version"]}

    def log_message(self, text, *args):
        print(f"{self.command} {self.path} {args[1] if len(args) > 1 else ''}", flush=True)


def make_server(address, port, settings):
    """Return a server that is ready to serve_forever."""
    handler = type("BoundHandler", (Handler,), {"settings": settings})
    return ThreadingHTTPServer((address, port), handler)


def main():
    settings = load_settings()
    address = os.environ.get("BIND_ADDRESS") or "0.0.0.0"
    port = int(os.environ.get("PORT") or "8080")
    print(f"hello {settings['version']} listens on {address}:{port}", flush=True)
    make_server(address, port, settings).serve_forever()


if __name__ == "__main__":
    sys.exit(main())

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sample application: says hello at / and its version at /version."""

from __future__ import annotations

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {"/": b"Hello from the sample\n", "/version": b"version 0.9.6\n"}


class Hello(BaseHTTPRequestHandler):
    """Answers with text."""

    def do_GET(self) -> None:
        body = ANSWERS.get(self.path, b"")
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer((os.environ.get("BIND_ADDRESS", ""), 8080), Hello).serve_forever()

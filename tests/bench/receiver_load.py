# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Posts distinct GitLab pushes of 3 kB over kept-alive connections, in a process of its own; prints times as JSON.

python -m tests.bench.receiver_load PORT CONNECTIONS EVENTS_PER_CONNECTION REF
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
import uuid


def main() -> None:
    port, connections, events = (int(text) for text in sys.argv[1:4])
    taken: list[float] = []
    threads = [threading.Thread(target=_client, args=(port, events, sys.argv[4], taken)) for _ in range(connections)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = time.perf_counter() - started
    if len(taken) != connections * events:
        raise SystemExit(f"{connections * events - len(taken)} events were not accepted")
    print(json.dumps({"whole": whole, "taken": taken}))


def _client(port: int, events: int, ref: str, taken: list[float]) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _number in range(events):
            request = _request(ref)
            started = time.perf_counter()
            connection.sendall(request)
            answer = connection.recv(4096)
            if not answer.startswith(b"HTTP/1.1 202 ") or b'"duplicate"' in answer:
                raise RuntimeError(f"the receiver answered {answer[:200]!r}")
            taken.append(time.perf_counter() - started)


def _request(ref: str) -> bytes:
    body = {
        "object_kind": "push",
        "ref": ref,
        "checkout_sha": uuid.uuid4().hex + "0" * 8,
        "project": {"git_http_url": "http://git.example.com/shop.git"},
        "padding": "x" * 2700,
    }
    data = json.dumps(body).encode()
    head = (
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: GitLab/19.2.0\r\nContent-Type: application/json\r\n"
        f"X-Gitlab-Event: Push Hook\r\nX-Gitlab-Event-UUID: {uuid.uuid4()}\r\nX-Gitlab-Token: a-token-for-the-hook\r\n"
        f"Content-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


if __name__ == "__main__":
    main()

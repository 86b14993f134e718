# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP side: a loop in a thread of its own that serves connections and shows slow ones out.

Knows sockets; what a request means is intake's.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable

from slipway.core import Unreachable
from slipway.serve.connection import Connection, Rules
from slipway.serve.tls import Certificate

_SWEEP_SECONDS = 0.25
_BACKLOG = 512


class Server:
    """Listens from the start; takes requests between `start` and `stop`. `port` is the real one."""

    def __init__(self, host: str, port: int, certificate: Certificate | None = None) -> None:
        self._certificate = certificate
        self._connections: set[Connection] = set()
        self._loop = asyncio.new_event_loop()
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host.strip("[]"), port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise Unreachable(f"cannot listen on {host}:{port}: {error.strerror}", hint="another `listen`") from error
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._run, name="receiver", daemon=True)
        self._server: asyncio.Server | None = None

    def call(self, work: Callable[[], None]) -> None:
        """Do something in the loop's thread; nothing when that has ended."""
        try:
            self._loop.call_soon_threadsafe(work)
        except RuntimeError:
            return

    def start(self, rules: Rules) -> None:
        self._rules = rules
        self._thread.start()

    def reload(self) -> None:
        """Take the certificate's files again."""
        if self._certificate:
            self._certificate.look(force=True)

    def stop(self) -> None:
        self.call(self._loop.stop)
        self._thread.join(10)
        self._socket.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(self._listen())
        self._loop.call_later(_SWEEP_SECONDS, self._sweep)
        try:
            self._loop.run_forever()
        finally:
            self._server.close()
            for connection in list(self._connections):
                connection.close()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    async def _listen(self) -> asyncio.Server:
        context = self._certificate.context if self._certificate else None
        timeout = self._rules.slow_seconds if context else None
        return await self._loop.create_server(
            lambda: Connection(self._rules, self._connections),
            sock=self._socket,
            ssl=context,
            ssl_handshake_timeout=timeout,
            backlog=_BACKLOG,
        )

    def _sweep(self) -> None:
        """Look at every deadline at once: cheaper than a timer for each request."""
        now = time.monotonic()
        for connection in [one for one in self._connections if one.deadline < now and not one.waits]:
            connection.expire()
        if self._certificate:
            self._certificate.look()
        self._loop.call_later(_SWEEP_SECONDS, self._sweep)

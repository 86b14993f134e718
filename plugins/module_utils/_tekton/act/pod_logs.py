# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Follows the log of a container while it runs, over broken connections. Knows pods and containers, no Tekton."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

from ..._core.errors import SlipwayError
from ..._kube.client import Client
from .lines import Lines

_PATIENCE = 3600.0  # a step may be silent for long; a connection that breaks is opened again
_PAUSE = 0.3


class Follower(threading.Thread):
    """Feeds the log of one container into `lines`, until the container has ended and everything was read.

    `gone` says whether the container has ended.
    """

    def __init__(self, client: Client, place: tuple[str, str, str], lines: Lines, gone: Callable[[], bool]) -> None:
        super().__init__(name=f"log-{place[2]}", daemon=True)
        self._client, self._lines, self._gone = client, lines, gone
        namespace, pod, container = place
        self._path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        self._query = {"container": container, "follow": "true"}
        self._connection: list[Any] = []
        self._halt = threading.Event()
        self._read = 0
        self.problem: SlipwayError | None = None
        self.start()

    def run(self) -> None:
        try:
            while not self._halt.is_set():
                last = self._gone()  # asked before reading: what was written until then is read
                whole = self._once()
                if (last and whole) or self._halt.wait(0 if whole and self._gone() else _PAUSE):
                    break
        except SlipwayError as error:  # such as a full disk: told by the one who waits
            self.problem = error
        finally:
            self._lines.close()

    def finish(self, seconds: float) -> None:
        """Wait until the log was read; after `seconds` it is left. Raises what made it impossible to keep it."""
        self.join(seconds)
        if self.is_alive():
            self._halt.set()
            for connection in self._connection:
                with contextlib.suppress(OSError, AttributeError):
                    connection.sock.shutdown(socket.SHUT_RDWR)
            self.join(1.0)
        if self.problem:
            raise self.problem

    def _once(self) -> bool:
        """Read from the start of the log on, passing over what was read before; False when the reading broke."""
        skip = self._read
        try:
            for chunk in self._client.session.lines(self._path, self._query, _PATIENCE, self._connection):
                fresh = chunk[skip:] if skip else chunk
                skip = max(0, skip - len(chunk))
                if fresh:
                    self._read += len(fresh)
                    self._lines.feed(fresh)
        except SlipwayError as error:
            if error.reason in ("DiskFull", "LogFailed"):
                raise
            return False
        return True

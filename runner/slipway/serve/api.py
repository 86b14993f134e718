# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receiver, whole: HTTP, store, dispatcher and follower together."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from slipway import state
from slipway.core import redact
from slipway.serve import config as configuration
from slipway.serve.config import Config
from slipway.serve.connection import Rules
from slipway.serve.dispatcher import Dispatcher, End
from slipway.serve.intake import Intake
from slipway.serve.listener import Server
from slipway.serve.manifests import Listeners
from slipway.serve.store import EventStore, Stored
from slipway.serve.tls import Certificate

__all__ = ["Receiver", "Stored", "serve", "store"]
_PRUNE_SECONDS = 3600.0


def store() -> EventStore:
    """Return the events of the state directory in force."""
    return EventStore(state.state_dir() / "events.sqlite3")


class Receiver:
    """Can be started and stopped; `port` is the real one when 0 was asked for."""

    def __init__(self, config: Config, say: Callable[[str], None] = lambda _text: None) -> None:
        self._config, self._say = config, lambda text: say(redact.current.scrub(text))
        certificate = Certificate(config.tls, self._say) if config.tls else None
        self._server = Server(config.host, config.port, certificate)
        self.port = self._server.port
        self.store = store()
        listeners = Listeners()
        self._dispatcher = Dispatcher(config, self.store, listeners, self._say, self._ended)
        self._intake = Intake(config, self.store, listeners, self._dispatcher.wake, self._say)

    def _ended(self, event_id: str, end: End) -> None:
        if self._config.strict:
            self._server.call(lambda: self._intake.ended(event_id, end.status, end.reason))

    def start(self) -> None:
        rules = Rules(
            self._intake.admit,
            self._intake.handle,
            self._say,
            self._config.body_limit,
            self._config.header_limit,
            self._config.slow_seconds,
        )
        self.store.hand_over = self._server.call
        self._dispatcher.start()
        self._server.start(rules)

    def reload(self) -> None:
        """Take the certificate again."""
        self._server.reload()

    def prune(self) -> None:
        """Forget what is older than the configuration wants."""
        self.store.prune(time.time() - self._config.keep_days * 86400)

    def stop(self) -> None:
        """Take no more events; what is stored goes on at the next start."""
        self._server.stop()
        self._dispatcher.close()
        self.store.close()


def serve(path: str, *, listen: str = "") -> int:
    """Serve until SIGTERM or Ctrl-C; SIGHUP takes the certificate again. Return the exit code."""
    config = configuration.load(path, listen)
    receiver = Receiver(config, lambda text: print(text, flush=True))
    ended, hung_up = threading.Event(), threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    def hang_up(_number: int, _frame: FrameType | None) -> None:
        hung_up.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    signal.signal(signal.SIGHUP, hang_up)
    receiver.start()
    print(f"listening on {'https' if config.tls else 'http'}://{config.host}:{receiver.port}/", flush=True)
    _until(ended, hung_up, receiver)
    receiver.stop()
    return 0


def _until(ended: threading.Event, hung_up: threading.Event, receiver: Receiver) -> None:
    pruned = 0.0
    while not ended.is_set():
        if time.monotonic() - pruned > _PRUNE_SECONDS or not pruned:
            pruned = time.monotonic()
            receiver.prune()
        if hung_up.is_set():
            hung_up.clear()
            receiver.reload()
        ended.wait(0.5)

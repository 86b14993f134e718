# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receiver, whole: HTTP, store and dispatcher together."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

from slipway import state
from slipway.serve import config as configuration
from slipway.serve import listener
from slipway.serve.config import Config
from slipway.serve.dispatcher import Dispatcher
from slipway.serve.store import EventStore


class Receiver:
    """Can be started and stopped; `port` is the real one when 0 was asked for."""

    def __init__(self, config: Config, say: Callable[[str], None] = lambda _text: None) -> None:
        self.store = EventStore(state.state_dir() / "events.sqlite3")
        self._dispatcher = Dispatcher(config, self.store, say)
        self._server = listener.Server(config, self.store, self._dispatcher.wake)
        self.port = int(self._server.server_address[1])

    def start(self) -> None:
        self._dispatcher.start()
        listener.start(self._server)

    def stop(self) -> None:
        """Take no more events; what is stored goes on at the next start."""
        self._server.shutdown()
        self._server.server_close()
        self._dispatcher.close()
        self.store.close()


def serve(path: str, *, listen: str = "") -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit code."""
    config = configuration.load(path, listen)
    receiver = Receiver(config, lambda text: print(text, flush=True))
    receiver.start()
    print(f"listening on http://{config.host}:{receiver.port}/", flush=True)
    ended = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    ended.wait()
    receiver.stop()
    return 0

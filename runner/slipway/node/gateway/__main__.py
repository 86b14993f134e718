# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`python -m slipway.node.gateway`: the gateway alone, in front of a cluster whose nodes are somebody else's."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config

from .proxy import Through
from .server import Gateway
from .view import View


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m slipway.node.gateway")
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    client = Client(load_config({"kubeconfig": arguments.kubeconfig}), manager="slipway-gateway")
    view = View(client)
    gateway = Gateway(lambda: view.cluster, arguments.port, view.ready.is_set, Through(client.session))
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_what: ended.set())
    view.start()
    gateway.start()
    ended.wait()
    gateway.stop()
    view.stop()
    client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

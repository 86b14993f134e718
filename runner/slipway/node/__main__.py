# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`python -m slipway.node`: a process node and its gateway, until SIGTERM."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import ClusterConfig, load_config
from ansible_collections.slipway.gitops.plugins.module_utils._oci import base

from .addresses import Addresses
from .agent import Agent, capacity
from .api import Api
from .claims import Provisioner
from .gateway.server import Gateway
from .gateway.view import View
from .images import Images
from .kubelet import LogServer, make_certificate
from .pod import Node

LOG = logging.getLogger("slipway.node")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m slipway.node", description="Run pods as processes of this machine."
    )
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--name", default="process-0", help="name of the Node")
    parser.add_argument("--state", required=True, type=Path, help="directory for images, volumes and logs")
    parser.add_argument("--gateway-port", type=int, default=0, help="port of the loopback gateway; 0 takes a free one")
    parser.add_argument(
        "--registry-mirror", action="append", default=[], metavar="HOST=MIRROR", help="pull images of HOST from MIRROR"
    )
    parser.add_argument(
        "--image-map",
        default="",
        metavar="JSON",
        help=f"globs of images to 'host' or an image; default ${base.ENVIRONMENT}",
    )
    parser.add_argument("--taint", default="", metavar="KEY=VALUE:EFFECT", help="keep ordinary pods away")
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser


def _mirrors(texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        host, equals, mirror = text.partition("=")
        if not equals or not host or not mirror:
            raise Invalid("--registry-mirror", f"'{text}' is not HOST=MIRROR")
        found[host] = mirror
    return found


def _node(arguments: argparse.Namespace, config: ClusterConfig, api: Api, gateway_port: int) -> Node:
    server = urlsplit(config.server)
    base_env = {
        "KUBERNETES_SERVICE_HOST": server.hostname or "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": str(server.port or 443),
        "KUBERNETES_SERVICE_PORT_HTTPS": str(server.port or 443),
        "SLIPWAY_GATEWAY": f"http://127.0.0.1:{gateway_port}",
    }
    mapping = base.base_map(arguments.image_map or None)
    images = Images(arguments.state / "images", mirrors=_mirrors(arguments.registry_mirror), mapping=mapping)
    return Node(arguments.name, arguments.state, api, images, Addresses(), capacity(), base_env)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(
        level=logging.DEBUG if arguments.verbose else logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    arguments.state = arguments.state.absolute()
    arguments.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return _serve(arguments)
    except SlipwayError as error:
        print(f"slipway.node: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"slipway.node: {error.filename or ''} {error.strerror}", file=sys.stderr)
        return 1


def _serve(arguments: argparse.Namespace) -> int:
    config = load_config({"kubeconfig": arguments.kubeconfig})
    api = Api(Client(config, manager="slipway-node"), arguments.name)
    view = View(Client(config, manager="slipway-gateway"))
    gateway = Gateway(lambda: view.cluster, arguments.gateway_port, view.ready.is_set)
    node = _node(arguments, config, api, gateway.port)
    agent = Agent(node, version=api.client.server_version(), taint=arguments.taint)

    def leave(_number: int, _frame: FrameType | None) -> None:
        agent.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    logs = _log_server(arguments.state, config, agent)
    provisioner = Provisioner(Client(config, manager="slipway-node"), node.name, arguments.state / "claims")
    provisioner.start()
    view.start()
    gateway.start()
    LOG.info("node %s, gateway on http://127.0.0.1:%d, pid %d", node.name, gateway.port, os.getpid())
    _announce(node.state_dir, f"http://127.0.0.1:{gateway.port}")
    agent.run()
    provisioner.stop()
    if logs:
        logs.stop()
    gateway.stop()
    view.stop()
    api.close()
    return 0


def _announce(state: Path, url: str) -> None:
    """Write where the gateway is, whole or not at all."""
    part = state / "gateway.json.part"
    part.write_text(json.dumps({"url": url}), encoding="ascii")
    part.replace(state / "gateway.json")


def _log_server(state: Path, config: ClusterConfig, agent: Agent) -> LogServer | None:
    if not config.ca:
        return None  # without the cluster's authority nobody could be told from the API server
    certificate = state / "kubelet.pem"
    make_certificate(certificate)
    server = LogServer(state / "pods", certificate, config.ca, agent.runs)
    server.start()
    agent.listen(server.port)
    return server


if __name__ == "__main__":
    sys.exit(main())

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What cases need of the embedded cluster: an account with its kubeconfig, a registry that asks who pushes."""

from __future__ import annotations

import base64
import http.client
import json
import shutil
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, deep_get
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config

NAMESPACE = "default"
USER, PASSWORD = "developer", "Push-4-the-tests"


def until(good: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """Return what `good` returns as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (found := good()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {seconds} s")
        time.sleep(0.05)
    return found


def account_kubeconfig(client: Client, admin: str, account: str, file: Path) -> Path:
    """Write a kubeconfig (as JSON) that has the rights of a ServiceAccount and nothing else."""
    name = f"{account}-token"
    meta = {"name": name, "namespace": NAMESPACE, "annotations": {"kubernetes.io/service-account.name": account}}
    kind = "kubernetes.io/service-account-token"
    client.apply({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": kind})

    def filled() -> Manifest:
        return deep_get(client.get("v1", "Secret", name, NAMESPACE) or {}, "data", default={})

    data = until(lambda: filled().get("token") and filled(), f"token of {account}")
    cluster = {"server": load_config({"kubeconfig": admin}).server, "certificate-authority-data": data["ca.crt"]}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "case",
        "clusters": [{"name": "case", "cluster": cluster}],
        "users": [{"name": "case", "user": {"token": base64.b64decode(data["token"]).decode()}}],
        "contexts": [{"name": "case", "context": {"cluster": "case", "user": "case", "namespace": NAMESPACE}}],
    }
    file.write_text(json.dumps(config))
    return file


def kubectl(folder: Path) -> Path:
    """Return a directory with the stand-in for kubectl, an empty one where the machine has kubectl itself."""
    programs = folder / "kubectl"
    programs.mkdir(exist_ok=True)
    if not shutil.which("kubectl", path="/usr/local/bin:/usr/bin:/bin"):
        shutil.copy(Path(__file__).with_name("kubectl.py"), programs / "kubectl")
    return programs


def docker_config(host: str) -> Manifest:
    """Return the Secret docker-config as the tutorial makes it: generic, with the key config.json."""
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    content = json.dumps({"auths": {host: {"auth": auth}}})
    meta = {"name": "docker-config"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"config.json": content}}


def gate(registry: str) -> type[BaseHTTPRequestHandler]:
    """Return a handler before the registry at `registry` (host:port): all may read, a push needs the credentials."""

    class Gate(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _through(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            if self.command in ("POST", "PUT", "PATCH", "DELETE") and self.headers.get("Authorization") != wanted:
                self._answer(401, [("WWW-Authenticate", 'Basic realm="case"')], b"{}")
                return
            dropped = ("authorization", "connection")
            headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
            upstream = http.client.HTTPConnection(registry, timeout=60)
            upstream.request(self.command, self.path, body, headers)
            reply = upstream.getresponse()
            self._answer(reply.status, reply.getheaders(), reply.read(), head=self.command == "HEAD")

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _through

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes, *, head: bool = False) -> None:
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in ("connection", "transfer-encoding", "date", "content-length") or (
                    name.lower() == "content-length" and head
                ):
                    self.send_header(name, value)
            if not head:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Gate

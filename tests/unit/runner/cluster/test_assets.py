# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs come from a folder, the cache, a checked download or a build; nothing half is ever left."""

from __future__ import annotations

import hashlib
import os
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from slipway.cluster import assets, controlplane, crds, kwok, pki, processes
from slipway.cluster.assets_table import Asset
from slipway.core import Permanent

PROGRAM = b"#!/bin/sh\necho a program\n" * 2000


class Handler(BaseHTTPRequestHandler):
    """Serves a program and its checksum; breaks the first download in the middle."""

    broken = False
    checksum = hashlib.sha256(PROGRAM).hexdigest()
    ranges: list[str] = []

    def do_GET(self) -> None:
        if self.path.endswith(".sha256"):
            return self._send(f"{self.checksum}  tool\n".encode(), 200)
        start = int(self.headers.get("Range", "bytes=0-").split("=")[1].rstrip("-"))
        type(self).ranges.append(self.headers.get("Range", ""))
        data = PROGRAM[start:]
        if self.broken and start == 0:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            return None
        return self._send(data, 206 if start else 200)

    def _send(self, data: bytes, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[type[Handler], Asset]]:
    for name in ("SLIPWAY_ASSETS", "KUBEBUILDER_ASSETS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    handler = type("OwnHandler", (Handler,), {"ranges": []})
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{httpd.server_address[1]}/tool"
    asset = Asset("tool", "v1", url, f"{url}.sha256", "none", "none", 1)
    monkeypatch.setattr(assets, "table", lambda: {"tool": asset})
    yield handler, asset
    httpd.shutdown()
    httpd.server_close()


def test_a_download_is_checked_and_cached(server: tuple[type[Handler], Asset]) -> None:
    said: list[str] = []
    path = assets.ensure(["tool"], said.append)["tool"]
    assert (path.read_bytes() == PROGRAM, os.access(path, os.X_OK)) == (True, True)
    assert "downloading" in said[0]
    again: list[str] = []
    assert assets.ensure(["tool"], again.append)["tool"] == path
    assert (again, len(server[0].ranges)) == ([], 1)


def test_a_wrong_checksum_leaves_nothing(server: tuple[type[Handler], Asset]) -> None:
    server[0].checksum = "0" * 64
    with pytest.raises(Permanent, match="the checksum of"):
        assets.ensure(["tool"], lambda _text: None)
    assert not [file for file in assets.cache_dir().iterdir() if file.suffix != ".lock"]


def test_a_broken_download_is_resumed(server: tuple[type[Handler], Asset]) -> None:
    server[0].broken = True
    path = assets.ensure(["tool"], lambda _text: None)["tool"]
    assert path.read_bytes() == PROGRAM
    assert any(header for header in server[0].ranges)


def test_a_folder_of_ones_own_comes_first(
    server: tuple[type[Handler], Asset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "tool").write_text("mine")
    (own / "tool").chmod(0o755)
    monkeypatch.setenv("SLIPWAY_ASSETS", str(own))
    assert assets.ensure(["tool"], lambda _text: None)["tool"] == own / "tool"
    assert server[0].ranges == []


def test_without_network_and_go_the_remedy_is_named(
    server: tuple[type[Handler], Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Asset("tool", "v1", "http://127.0.0.1:9/tool", "http://127.0.0.1:9/tool.sha256", "none", "none", 1)
    monkeypatch.setattr(assets, "table", lambda: {"tool": gone})
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Permanent, match="neither downloaded nor built"):
        assets.ensure(["tool"], lambda _text: None)


def test_certificates_pass_the_strict_verification(tmp_path: Path) -> None:
    pki.write(tmp_path, controlplane.SERVICE_ADDRESS)
    context = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_cert_chain(tmp_path / "admin.crt", tmp_path / "admin.key")
    assert (tmp_path / "sa.key").stat().st_mode & 0o077 == 0


def test_a_daemon_is_known_by_its_start_time_and_ended_exactly(tmp_path: Path) -> None:
    one = processes.start("one", ["/bin/sleep", "30"], tmp_path)
    assert processes.alive(one)
    successor = processes.Daemon("one", one.pid, one.start + 1, one.log)
    assert not processes.alive(successor)
    processes.stop([successor], tmp_path)
    assert processes.alive(one)
    processes.stop([one], tmp_path)
    assert not processes.alive(one)
    assert processes.listed(tmp_path) == []


def test_small_crds_have_upstreams_groups_scopes_and_subresources() -> None:
    found = {kind.name: crds.manifest(kind) for kind in crds.KINDS}
    rollout = found["rollouts.argoproj.io"]["spec"]
    assert set(rollout["versions"][0]["subresources"]) == {"status", "scale"}
    assert found["clusteranalysistemplates.argoproj.io"]["spec"]["scope"] == "Cluster"
    versions = found["virtualservices.networking.istio.io"]["spec"]["versions"]
    assert [(v["name"], v["storage"]) for v in versions] == [("v1", True), ("v1beta1", False), ("v1alpha3", False)]


def test_fake_nodes_are_tainted_only_beside_a_process_node() -> None:
    assert kwok.node(0, tainted=True)["spec"]["taints"]
    assert not kwok.node(0, tainted=False)["spec"]["taints"]

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests of resolvers share: objects, a server on loopback that says what it was asked, words of errors."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import tarfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import (
    SlipwayError,
)
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.reference import Fetched, ask_of
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.resolve import remote

TASK = """
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: hello}
spec:
  params: [{name: who, default: world}]
  results: [{name: said}]
  steps: [{name: say, image: alpine, script: 'printf %s "hello $(params.who)" > $(results.said.path)'}]
"""
OLD_TASK = TASK.replace("tekton.dev/v1", "tekton.dev/v1beta1").replace(
    "steps: [{name: say,", "steps: [{name: say, resources: {limits: {cpu: 1}},"
)
ACTION = """
apiVersion: tekton.dev/v1alpha1
kind: StepAction
metadata: {name: speak}
spec:
  params: [{name: word}]
  image: alpine
  env: [{name: WORD, value: $(params.word)}]
  script: printf %s "$WORD" > /workspace/word
"""
PIPELINE = """
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: {name: greet}
spec:
  params: [{name: who}]
  tasks:
  - name: one
    params: [{name: who, value: $(params.who)}]
    taskSpec: {params: [{name: who}], steps: [{name: s, image: alpine, script: 'test "$(params.who)" = moon'}]}
"""


@dataclass
class Web:
    """What the server has, by path, and what it was asked. A value is a body, a status, (status, headers) or "hold"."""

    url: str = ""
    pages: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    release_after: int = 0

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def paths(self) -> list[str]:
        return [path for path, _headers in self.asked]


class Handler(BaseHTTPRequestHandler):
    web: Web

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.web.asked.append((self.path, dict(self.headers)))
        page = self.web.pages.get(self.path, 404)
        if len(self.web.asked) == self.web.release_after:
            self.web.hold.set()
        if page == "hold":
            self.web.hold.wait(30)
            page = 404
        status, headers = (page, {}) if isinstance(page, int) else page if isinstance(page, tuple) else (200, {})
        body = b"" if status != 200 else page if isinstance(page, bytes) else page.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Quiet(ThreadingHTTPServer):
    """A client that has gone away is no news: runs are cancelled, and time is over, in the middle of an answer."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


def serve() -> tuple[Web, ThreadingHTTPServer]:
    web = Web()
    server = Quiet(("127.0.0.1", 0), type("Bound", (Handler,), {"web": web}))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    web.url = f"http://127.0.0.1:{server.server_address[1]}"
    return web, server


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@dataclass(frozen=True)
class Repository:
    url: str
    folder: Path

    def commit(self, path: str, text: str) -> str:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--message", "change")
        return git(self.folder, "rev-parse", "HEAD")


def resolve(
    resolver: str,
    params: Mapping[str, Any],
    kind: str = "Task",
    given: str = "",
    name: str = "",
    **option: Any,
) -> Fetched:
    objects = remote.attached(api.parse(yaml.load_all(given)), option, name="run", namespace="default")
    assert objects.remote is not None
    listed = [{"name": key, "value": value} for key, value in params.items()]
    return objects.remote.fetch(ask_of({"resolver": resolver, "params": listed, "name": name}, kind))


def refused(resolver: str, params: Mapping[str, Any], **more: Any) -> SlipwayError:
    with pytest.raises(SlipwayError) as caught:
        resolve(resolver, params, **more)
    return caught.value


def secret(name: str, **data: str) -> str:
    return yaml.dump({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data})


def wrong(error: SlipwayError) -> str:
    """Return what the resolver said of its params."""
    found = re.fullmatch(
        r'error requesting remote resource: invalid resource request "default/\w+-[0-9a-f]{32}": (.*)', error.message
    )
    assert found is not None, error.message
    return found[1]


def failed(error: SlipwayError, title: str) -> str:
    found = re.fullmatch(
        rf'error requesting remote resource: error getting "{title}" "default/\w+-[0-9a-f]{{32}}": (.*)', error.message
    )
    assert found is not None, error.message
    return found[1]


def tarred(name: str, text: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(text.encode())
        archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def bundle(web: Web, *layers: tuple[Mapping[str, str], bytes]) -> str:
    """Put an image with these layers (annotations and bytes) into the registry; return its digest."""
    entries = []
    for notes, data in layers:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        web.pages[f"/v2/cat/tasks/blobs/{digest}"] = data
        entries.append({"digest": digest, "size": len(data), "mediaType": "x", "annotations": dict(notes)})
    body = json.dumps({"schemaVersion": 2, "config": {}, "layers": entries}).encode()
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    web.pages["/v2/cat/tasks/manifests/1.0"] = web.pages[f"/v2/cat/tasks/manifests/{digest}"] = body
    return digest


def annotated(name: str, kind: str = "task") -> dict[str, str]:
    prefix = "dev.tekton.image"
    return {f"{prefix}.name": name, f"{prefix}.kind": kind, f"{prefix}.apiVersion": "v1"}

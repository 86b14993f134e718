# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry client against a small registry in memory, credentials, and unpacking."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import (
    Permanent,
    Refused,
    Temporary,
    Unreachable,
)
from ansible_collections.slipway.gitops.plugins.module_utils._oci import auth, registry
from ansible_collections.slipway.gitops.plugins.module_utils._oci.auth import Credentials
from ansible_collections.slipway.gitops.plugins.module_utils._oci.build import build, push
from ansible_collections.slipway.gitops.plugins.module_utils._oci.registry import NotFound, Registry
from ansible_collections.slipway.gitops.plugins.module_utils._oci.transport import is_loopback
from ansible_collections.slipway.gitops.plugins.module_utils._oci.unpack import unpack


class Fake:
    """What the registry holds and how it behaves. `secret` is "user:password" that it wants."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.requests: list[str] = []
        self.authorizations: list[str] = []
        self.secret = ""
        self.bearer = False
        self.damaged = False
        self.fail = 0
        self.host = ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: Fake
    uploads: dict[str, bytes] = {}

    def log_message(self, format: str, *args: object) -> None:
        pass

    def reply(self, code: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def error(self, code: int, word: str) -> None:
        self.reply(code, json.dumps({"errors": [{"code": word, "message": f"it is {word}"}]}).encode())

    def allowed(self) -> bool:
        fake, given = self.fake, self.headers.get("Authorization", "")
        fake.authorizations.append(given)
        good = "Bearer let-me-in-please" if fake.bearer else "Basic " + base64.b64encode(fake.secret.encode()).decode()
        if not fake.secret or given == good:
            return True
        challenge = 'Basic realm="x"'
        if fake.bearer:
            challenge = f'Bearer realm="http://{fake.host}/token",service="fake",scope="ignored"'
        self.reply(401, b"{}", WWW_Authenticate=challenge)
        return False

    def token(self) -> None:
        expected = "Basic " + base64.b64encode(self.fake.secret.encode()).decode()
        if self.headers.get("Authorization") == expected:
            self.reply(200, json.dumps({"token": "let-me-in-please"}).encode())
        else:
            self.error(401, "UNAUTHORIZED")

    def handle_any(self) -> None:
        url = urlsplit(self.path)
        self.fake.requests.append(f"{self.command} {url.path}")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.path == "/token":
            self.token()
        elif self.fake.fail:
            self.error(self.fake.fail, "BROKEN")
        elif self.allowed():
            self.answer(url.path, parse_qs(url.query), body)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = handle_any

    def answer(self, path: str, query: dict[str, list[str]], body: bytes) -> None:
        kind, _, name = path.rpartition("/")
        if path.endswith("/blobs/uploads/"):
            self.reply(202, Location="/upload/1?state=x")
        elif path.startswith("/upload/"):
            self.upload(query, body)
        elif kind.endswith("/manifests"):
            self.manifest(name, body)
        elif kind.endswith("/blobs"):
            self.blob(name)
        elif path.endswith("/tags/list"):
            self.tags(query)
        else:
            self.error(404, "NAME_UNKNOWN")

    def upload(self, query: dict[str, list[str]], body: bytes) -> None:
        self.uploads["1"] = self.uploads.get("1", b"") + body
        if self.command == "PATCH":
            self.reply(202, Location="/upload/1?state=y")
            return
        data = self.uploads.pop("1")
        digest = query["digest"][0]
        if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
            self.error(400, "DIGEST_INVALID")
            return
        self.fake.blobs[digest] = data
        self.reply(201)

    def manifest(self, name: str, body: bytes) -> None:
        if self.command == "PUT":
            digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
            for key in (name, digest):
                self.fake.manifests[key] = (self.headers["Content-Type"], body)
            self.reply(201, Docker_Content_Digest=digest)
        elif name not in self.fake.manifests:
            self.error(404, "MANIFEST_UNKNOWN")
        else:
            kind, data = self.fake.manifests[name]
            digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
            self.reply(200, data + b" " * self.fake.damaged, Content_Type=kind, Docker_Content_Digest=digest)

    def blob(self, digest: str) -> None:
        if digest not in self.fake.blobs:
            self.error(404, "BLOB_UNKNOWN")
        else:
            self.reply(200, self.fake.blobs[digest] + b"x" * self.fake.damaged)

    def tags(self, query: dict[str, list[str]]) -> None:
        if "last" in query:
            self.reply(200, b'{"tags": ["c"]}')
        else:
            self.reply(200, b'{"tags": ["a", "b"]}', Link='</v2/x/tags/list?last=b>; rel="next"')


@pytest.fixture
def fake() -> Iterator[Fake]:
    state = Fake()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"fake": state, "uploads": {}}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    state.host = f"127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "SLIPWAY_BASE_MAP"):
        monkeypatch.delenv(name, raising=False)


def pushed(fake: Fake, tmp_path: Path, text: str = 'FROM scratch\nCOPY f /app/f\nCMD ["x"]\n', tag: str = "1") -> str:
    (tmp_path / "context").mkdir(exist_ok=True)
    (tmp_path / "context/f").write_text("content\n")
    with build(str(tmp_path / "context"), text) as image:
        return push(image, f"{fake.host}/demo/app:{tag}")


def test_what_was_pushed_can_be_resolved_and_unpacked(fake: Fake, tmp_path: Path) -> None:
    digest = pushed(fake, tmp_path)
    assert registry.resolve(f"{fake.host}/demo/app:1") == digest
    found = unpack(f"{fake.host}/demo/app:1", None, str(tmp_path / "cache"))
    assert (Path(found.rootfs) / "app/f").read_text() == "content\n"
    assert (found.digest, found.config.cmd) == (digest, ("x",))


def test_a_pinned_image_in_the_cache_needs_no_registry(fake: Fake, tmp_path: Path) -> None:
    digest = pushed(fake, tmp_path)
    first = unpack(f"{fake.host}/demo/app:1", None, str(tmp_path / "cache"))
    before = len(fake.requests)
    assert unpack(f"{fake.host}/demo/app@{digest}", None, str(tmp_path / "cache")) == first
    assert len(fake.requests) == before


def test_what_the_registry_has_is_not_sent_again(fake: Fake, tmp_path: Path) -> None:
    pushed(fake, tmp_path)
    fake.requests.clear()
    pushed(fake, tmp_path, tag="2")
    assert not [request for request in fake.requests if request.startswith(("POST", "PATCH")) or "/upload/" in request]


def test_a_base_from_a_registry_is_reused(fake: Fake, tmp_path: Path) -> None:
    pushed(fake, tmp_path)
    pushed(fake, tmp_path, f"FROM {fake.host}/demo/app:1\nCOPY f /g\n", tag="2")
    first, second = (json.loads(fake.manifests[tag][1])["layers"] for tag in ("1", "2"))
    assert second[:1] == first
    found = unpack(f"{fake.host}/demo/app:2", None, str(tmp_path / "cache"))
    assert sorted(os.listdir(found.rootfs)) == ["app", "g"]


def test_large_blobs_go_in_chunks(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "CHUNK", 10)
    data = os.urandom(35)
    digest = registry.sha256(data)
    client = Registry(fake.host)
    assert client.upload("demo/app", digest, io.BytesIO(data), len(data))
    assert fake.blobs[digest] == data
    assert len([request for request in fake.requests if request.startswith("PATCH")]) == 4
    assert not client.upload("demo/app", digest, io.BytesIO(data), len(data))


def test_tags_of_all_pages_are_listed(fake: Fake) -> None:
    assert Registry(fake.host).tags("x") == ["a", "b", "c"]


def test_a_damaged_download_is_refused_and_leaves_nothing(fake: Fake, tmp_path: Path) -> None:
    digest = pushed(fake, tmp_path)
    fake.damaged = True
    with pytest.raises(Permanent, match="is not sha256:"):
        unpack(f"{fake.host}/demo/app@{digest}", None, str(tmp_path / "cache"))
    layer = json.loads(fake.manifests["1"][1])["layers"][0]["digest"]
    with pytest.raises(Permanent, match="is not sha256:"):
        Registry(fake.host).download("demo/app", layer, str(tmp_path / "blob"))
    assert not (tmp_path / "blob").exists()
    assert [name for name in os.listdir(tmp_path) if name.startswith("blob")] == []


def test_an_unknown_tag_is_not_found_and_names_registry_and_image(fake: Fake) -> None:
    with pytest.raises(NotFound, match=rf"{fake.host} has no demo/none:1"):
        registry.resolve(f"{fake.host}/demo/none:1")
    with pytest.raises(NotFound) as caught:
        Registry(fake.host).manifest("demo/none", "1")
    assert caught.value.reason == "ManifestUnknown"


def test_an_unreachable_registry_is_named() -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1: Connection refused"):
        registry.resolve("127.0.0.1:1/a:b")


@pytest.mark.parametrize(("code", "kind"), [(500, Temporary), (429, Temporary), (403, Refused), (400, Permanent)])
def test_answers_become_errors_of_the_tree(fake: Fake, code: int, kind: type[Exception]) -> None:
    fake.fail = code
    with pytest.raises(kind):
        Registry(fake.host).manifest("demo/app", "1")


@pytest.mark.parametrize("bearer", [False, True])
def test_a_password_opens_the_registry(fake: Fake, tmp_path: Path, bearer: bool) -> None:
    fake.secret, fake.bearer = "me:long-password", bearer
    (tmp_path / "context").mkdir()
    with build(str(tmp_path / "context"), "FROM scratch\n") as image:
        client = Registry(fake.host, auth=Credentials("me", "long-password"))
        assert push(image, f"{fake.host}/demo/app:1", client) == image.digest
    assert fake.requests.count("GET /token") <= 2  # one for each scope, not one for each request


@pytest.mark.parametrize("bearer", [False, True])
def test_a_wrong_password_is_refused_without_being_shown(fake: Fake, bearer: bool) -> None:
    fake.secret, fake.bearer = "me:long-password", bearer
    client = Registry(fake.host, auth=Credentials("me", "not-that-one"))
    with pytest.raises(Refused) as caught:
        client.manifest("demo/app", "1")
    assert caught.value.reason == "Unauthorized"
    assert "not-that-one" not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"auth": base64.b64encode(b"u:p:q").decode()}, ("u", "p:q", "")),
        ({"username": "u", "password": "p"}, ("u", "p", "")),
        ({"auth": "", "identitytoken": "t"}, ("", "", "t")),
        ({}, None),
    ],
)
def test_docker_configurations_are_read(entry: dict[str, str], expected: tuple[str, str, str] | None) -> None:
    found = auth.from_config(json.dumps({"auths": {"r.example.com": entry}}), "r.example.com")
    assert (found and (found.username, found.password, found.identity_token)) == expected


@pytest.mark.parametrize(
    ("key", "host", "repository", "hit"),
    [
        ("r.io", "r.io", "", True),
        ("https://r.io", "r.io", "", True),
        ("https://index.docker.io/v1/", "docker.io", "library/x", True),
        ("r.io/team", "r.io", "team/app", True),
        ("r.io/team", "r.io", "other/app", False),
        ("r.io", "q.io", "", False),
    ],
)
def test_credentials_are_found_by_host_and_repository(key: str, host: str, repository: str, hit: bool) -> None:
    text = json.dumps({"auths": {key: {"username": "u", "password": "p"}}})
    assert (auth.from_config(text, host, repository) is not None) == hit


def test_the_configuration_of_the_environment_wins(tmp_path: Path) -> None:
    for folder, user in (("a", "first"), ("home/.docker", "second")):
        (tmp_path / folder).mkdir(parents=True)
        config = {"auths": {"r.io": {"username": user, "password": "x"}}}
        (tmp_path / folder / "config.json").write_text(json.dumps(config))
    env = {"DOCKER_CONFIG": str(tmp_path / "a"), "HOME": str(tmp_path / "home")}
    found = auth.credentials_for("r.io", env=env)
    assert found is not None and found.username == "first"


@pytest.mark.parametrize(
    ("host", "local"),
    [("localhost:5000", True), ("127.3.4.5", True), ("[::1]:80", True), ("10.0.0.1", False), ("a.b", False)],
)
def test_only_loopback_is_spoken_to_in_plain_http(host: str, local: bool) -> None:
    assert is_loopback(host) == local


# -- unpacking ---------------------------------------------------------------------------------

Fill = Callable[[tarfile.TarFile], None]

# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A client for the OCI distribution API: manifests, blobs, tags.

Source of the protocol: github.com/opencontainers/distribution-spec v1.1, spec.md. What was
downloaded is always checked against its digest.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import quote, urlencode

from .._core.errors import Permanent
from .auth import Credentials, credentials_for
from .image import (
    INDEX_DOCKER,
    INDEX_OCI,
    MANIFEST_DOCKER,
    MANIFEST_OCI,
    Reference,
    parse_reference,
)
from .transport import Answer, NotFound, Request, Transport, is_loopback

__all__ = ["Manifest", "NotFound", "Registry", "registry_for", "resolve"]

MANIFESTS = (MANIFEST_OCI, INDEX_OCI, MANIFEST_DOCKER, INDEX_DOCKER)
CHUNK = 32 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest or index as the registry holds it."""

    body: bytes
    media_type: str
    digest: str

    @property
    def data(self) -> dict[str, Any]:
        """The parsed body."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def is_index(self) -> bool:
        """Whether it lists manifests for platforms."""
        return self.media_type in (INDEX_OCI, INDEX_DOCKER)


def sha256(data: bytes) -> str:
    """Return the digest of `data` in registry form."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Registry:
    """One registry. A loopback host is spoken to over plain http unless told otherwise.

    `auth` None takes the credentials of Docker's configuration files; `ca` is a PEM file.
    """

    def __init__(
        self,
        host: str,
        *,
        plain_http: bool | None = None,
        auth: Credentials | None = None,
        ca: str | None = None,
        verify: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.host = host
        plain = is_loopback(host) if plain_http is None else plain_http
        who = auth if auth is not None else credentials_for(host, env=env)
        self._http = Transport(host, plain_http=plain, auth=who, ca=ca, verify=verify)

    def close(self) -> None:
        """Close kept connections."""
        self._http.close()

    # -- manifests -----------------------------------------------------------------------------

    def manifest(self, repository: str, identifier: str) -> Manifest:
        """Return the manifest or index behind a tag or digest; NotFound when there is none."""
        answer = self._send("GET", repository, f"manifests/{identifier}", headers=_accept())
        digest = sha256(answer.body)
        asked = identifier if ":" in identifier else answer.headers.get("docker-content-digest", digest)
        if asked.startswith("sha256:") and asked != digest:
            raise Permanent(f"registry {self.host} sent a manifest of {repository} that is not {asked} but {digest}")
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        return Manifest(answer.body, kind or json.loads(answer.body).get("mediaType", MANIFEST_OCI), digest)

    def digest(self, repository: str, identifier: str) -> str | None:
        """Return the digest behind a tag or digest, None when there is none. One HEAD request."""
        answer = self._send("HEAD", repository, f"manifests/{identifier}", headers=_accept(), expect=(200, 404))
        if answer.status == 404:
            return None
        return answer.headers.get("docker-content-digest") or self.manifest(repository, identifier).digest

    def put_manifest(self, repository: str, identifier: str, body: bytes, media_type: str = MANIFEST_OCI) -> str:
        """Store a manifest under a tag or its digest; return its digest."""
        answer = self._send(
            "PUT",
            repository,
            f"manifests/{identifier}",
            headers={"Content-Type": media_type},
            body=body,
            expect=(200, 201, 202),
            push=True,
        )
        digest = sha256(body)
        told = answer.headers.get("docker-content-digest", digest)
        if told != digest:
            raise Permanent(f"registry {self.host} stored {repository} as {told}, but it was sent as {digest}")
        return digest

    def resolve(self, reference: str | Reference) -> str:
        """Return the digest that a reference to this registry stands for; NotFound when there is none."""
        image = parse_reference(reference) if isinstance(reference, str) else reference
        found = self.digest(image.repository, image.identifier)
        if found is None:
            raise NotFound(f"registry {self.host} has no {image.repository}:{image.identifier}", reason="NotFound")
        return found

    def tags(self, repository: str) -> list[str]:
        """Return all tags of a repository, in the registry's order (all pages)."""
        found: list[str] = []
        url = f"/v2/{repository}/tags/list?n=1000"
        while url:
            answer = self._http.send(Request("GET", url), scope=f"repository:{repository}:pull")
            found += json.loads(answer.body).get("tags") or []
            link = answer.headers.get("link", "")
            url = link.partition("<")[2].partition(">")[0] if 'rel="next"' in link else ""
        return found

    # -- blobs ---------------------------------------------------------------------------------

    def has_blob(self, repository: str, digest: str, *, push: bool = False) -> bool:
        """Return whether the repository holds a blob."""
        answer = self._send("HEAD", repository, f"blobs/{digest}", expect=(200, 404), push=push)
        return answer.status == 200

    def blob(self, repository: str, digest: str) -> bytes:
        """Return a small blob (a configuration), checked."""
        data = self._send("GET", repository, f"blobs/{digest}").body
        if sha256(data) != digest:
            raise Permanent(f"registry {self.host} sent a blob of {repository} that is not {digest}")
        return data

    def download(self, repository: str, digest: str, path: str) -> None:
        """Write a blob to `path`, checked; nothing is left there when the digest is wrong."""
        part = f"{path}.{os.getpid()}.part"
        seen = hashlib.sha256()
        try:
            with open(part, "wb") as file:

                def take(chunk: bytes) -> None:
                    seen.update(chunk)
                    file.write(chunk)

                self._send("GET", repository, f"blobs/{digest}", sink=take)
            if f"sha256:{seen.hexdigest()}" != digest:
                raise Permanent(f"registry {self.host} sent a blob of {repository} that is not {digest}")
            os.replace(part, path)
        finally:
            if os.path.exists(part):
                os.unlink(part)

    def mount(self, repository: str, digest: str, origin: str) -> bool:
        """Make a blob of the repository `origin` part of another one; False when the registry would not."""
        query = urlencode({"mount": digest, "from": origin})
        path = f"blobs/uploads/?{query}"
        answer = self._send("POST", repository, path, expect=(201, 202), push=True, also=origin)
        return answer.status == 201

    def upload(self, repository: str, digest: str, data: bytes | IO[bytes], size: int) -> bool:
        """Store a blob of `size` bytes; False when it was there already. Over 32 MiB it goes in chunks."""
        if self.has_blob(repository, digest, push=True):
            return False
        answer = self._send("POST", repository, "blobs/uploads/", expect=(202,), push=True)
        location = answer.headers["location"]
        if size > CHUNK and not isinstance(data, bytes):
            location = self._send_chunks(repository, location, data)
            data, size = b"", 0
        self._put_blob(repository, location, digest, data, size)
        return True

    def _put_blob(self, repository: str, location: str, digest: str, data: bytes | IO[bytes], size: int) -> None:
        url = f"{location}{'&' if '?' in location else '?'}digest={quote(digest)}"
        headers = {"Content-Type": "application/octet-stream"}
        request = Request("PUT", url, headers=headers, body=data, length=size)
        self._http.send(request, scope=_scope(repository, push=True), expect=(201, 204))

    def _send_chunks(self, repository: str, location: str, data: IO[bytes]) -> str:
        at = 0
        while chunk := data.read(CHUNK):
            headers = {"Content-Range": f"{at}-{at + len(chunk) - 1}", "Content-Type": "application/octet-stream"}
            request = Request("PATCH", location, headers=headers, body=chunk, length=len(chunk))
            answer = self._http.send(request, scope=_scope(repository, push=True), expect=(202, 204))
            location = answer.headers.get("location", location)
            at += len(chunk)
        return location

    def _send(
        self,
        method: str,
        repository: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        expect: tuple[int, ...] = (200,),
        push: bool = False,
        also: str = "",
        sink: Callable[[bytes], object] | None = None,
    ) -> Answer:
        scope = _scope(repository, push=push) + (f" repository:{also}:pull" if also else "")
        request = Request(method, f"/v2/{repository}/{path}", headers=headers or {}, body=body, sink=sink)
        return self._http.send(request, scope=scope, expect=expect)


def _scope(repository: str, *, push: bool) -> str:
    return f"repository:{repository}:{'pull,push' if push else 'pull'}"


def _accept() -> dict[str, str]:
    return {"Accept": ", ".join(MANIFESTS)}


def registry_for(reference: Reference, *, plain_http: bool | None = None, auth: Credentials | None = None) -> Registry:
    """Return a client for the registry of a reference."""
    who = auth if auth is not None else credentials_for(reference.host, reference.repository)
    return Registry(reference.host, plain_http=plain_http, auth=who)


def resolve(text: str, *, plain_http: bool | None = None, auth: Credentials | None = None) -> str:
    """Return the digest that "host/repository:tag" stands for now."""
    reference = parse_reference(text)
    registry = registry_for(reference, plain_http=plain_http, auth=auth)
    try:
        return registry.resolve(reference)
    finally:
        registry.close()

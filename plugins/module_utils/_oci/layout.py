# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An OCI image layout: a directory that holds an image as a registry would.

Answers what `unpack` asks a registry. Source: opencontainers/image-spec v1.1, image-layout.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil

from .._core.errors import Invalid, Permanent
from .image import MANIFEST_OCI
from .registry import Manifest

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NAME = "org.opencontainers.image.ref.name"


class Layout:
    """Reads one layout. `host` is its directory, for messages."""

    def __init__(self, folder: str) -> None:
        self.host = os.path.abspath(os.path.expanduser(folder))
        try:
            with open(os.path.join(self.host, "index.json"), encoding="utf-8") as stream:
                self._index = json.load(stream)
        except (OSError, ValueError) as error:
            raise Invalid(
                "layout", f"is no OCI image layout: {self.host}: {error}", hint="it holds index.json"
            ) from error

    def close(self) -> None:
        """Nothing is held open."""

    def digest(self, tag: str = "") -> str:
        """Return the digest of the image, of several that with the tag. Invalid when that is not one."""
        entries = self._index.get("manifests") or []
        named = [one for one in entries if tag and (one.get("annotations") or {}).get(_NAME) == tag]
        found = named or entries
        if len(found) != 1:
            names = ", ".join(str((one.get("annotations") or {}).get(_NAME, "?")) for one in entries) or "none"
            raise Invalid("layout", f"holds {len(entries)} images: {self.host}", hint=f"name one by tag: {names}")
        return str(found[0]["digest"])

    def manifest(self, _repository: str, identifier: str) -> Manifest:
        """Return a manifest by its digest."""
        body = self.blob("", identifier)
        return Manifest(body, str(json.loads(body).get("mediaType") or MANIFEST_OCI), identifier)

    def blob(self, _repository: str, digest: str) -> bytes:
        """Return a small blob."""
        with open(self._path(digest), "rb") as stream:
            data = stream.read()
        if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
            raise Permanent(f"{self.host}: the blob {digest} is damaged")
        return data

    def download(self, _repository: str, digest: str, path: str) -> None:
        """Copy a blob into a file."""
        shutil.copyfile(self._path(digest), path)

    def _path(self, digest: str) -> str:
        if not _DIGEST.fullmatch(digest):
            raise Permanent(f"{self.host}: {digest!r} is no sha256 digest")
        path = os.path.join(self.host, "blobs", "sha256", digest.partition(":")[2])
        if not os.path.isfile(path):
            raise Permanent(f"{self.host}: the blob {digest} is missing")
        return path

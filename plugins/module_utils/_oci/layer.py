# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Writes layers whose bytes depend on their content alone: not on time, user, umask or machine.

The gzip frame is made of stored blocks by our own hand, because what a compressor produces differs
between zlib versions, and a digest must not.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import struct
import tarfile
import zlib
from dataclasses import dataclass
from typing import IO, Any

from .tree import Entry, Tree

_BLOCK = 0xFFFF
# Magic, deflate, no flags, time 0, no extra flags, operating system unknown.
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer: of the file at `path`, or (empty path) of a registry repository named by `origin`."""

    digest: str
    diff_id: str
    size: int
    path: str = ""
    origin: str = ""
    media_type: str = "application/vnd.oci.image.layer.v1.tar+gzip"


class _Stored:
    """A writer that frames what it gets as gzip, uncompressed."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._kept = bytearray()
        self._crc = 0
        self._size = 0
        out.write(_HEADER)

    def write(self, data: bytes) -> int:
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        self._kept += data
        while len(self._kept) > _BLOCK:
            self._block(bytes(self._kept[:_BLOCK]), last=False)
            del self._kept[:_BLOCK]
        return len(data)

    def close(self) -> None:
        self._block(bytes(self._kept), last=True)
        self._out.write(struct.pack("<II", self._crc, self._size & 0xFFFFFFFF))

    def _block(self, data: bytes, *, last: bool) -> None:
        self._out.write(struct.pack("<BHH", int(last), len(data), len(data) ^ 0xFFFF) + data)


class _Hashed:
    """A writer that hashes and counts what passes."""

    def __init__(self, out: IO[bytes] | _Stored | gzip.GzipFile) -> None:
        self._out = out
        self._seen = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self._seen.update(data)
        self.size += len(data)
        self._out.write(data)
        return len(data)

    def flush(self) -> None:
        """Nothing to do: the file below is closed by its owner."""

    @property
    def digest(self) -> str:
        return f"sha256:{self._seen.hexdigest()}"


def write_layer(tree: Tree, path: str, compress: int = 0) -> Layer:
    """Write a layer file with the entries of `tree`, sorted, parents included.

    `compress` 1..9 really compresses: smaller, but then the digest depends on this Python's zlib.
    """
    with open(path, "wb") as file:
        outer = _Hashed(file)
        # tarfile and gzip need no more of a file than `write`, their annotations ask for more.
        below: Any = outer
        frame = gzip.GzipFile("", "wb", compress, below, mtime=0) if compress else _Stored(below)
        inner = _Hashed(frame)
        sink: Any = inner
        with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            for name, entry in sorted(_with_parents(tree).items()):
                _add(archive, name, entry)
        frame.close()
    return Layer(outer.digest, inner.digest, outer.size, path)


def _with_parents(tree: Tree) -> Tree:
    whole = dict(tree)
    for name in tree:
        parent = os.path.dirname(name)
        while parent and parent not in whole:
            whole[parent] = Entry("dir")
            parent = os.path.dirname(parent)
    return whole


def _add(archive: tarfile.TarFile, name: str, entry: Entry) -> None:
    info = tarfile.TarInfo(name + ("/" if entry.kind == "dir" else ""))
    info.uid, info.gid, info.mode, info.mtime = entry.uid, entry.gid, entry.mode, 0
    if entry.kind == "dir":
        info.type = tarfile.DIRTYPE
        archive.addfile(info)
    elif entry.kind == "link":
        info.type, info.linkname = tarfile.SYMTYPE, entry.source
        archive.addfile(info)
    else:
        with open(entry.source, "rb") as file:
            data = file.read() if os.path.getsize(entry.source) < 1 << 20 else None
            # The size of what is really read counts, a file may grow meanwhile.
            info.size = len(data) if data is not None else os.fstat(file.fileno()).st_size
            archive.addfile(info, io.BytesIO(data) if data is not None else file)

# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From a registry to a directory: an image's layers, applied in order.

Layers are written by whoever built the image, so every path is confined to the target directory,
links included; owners, devices and set-uid bits are dropped.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import platform
import shutil
import stat
import tarfile
import tempfile
import zlib
from dataclasses import dataclass
from typing import IO, Any, Protocol, cast

from .._core.errors import Permanent, Refused
from .image import ImageConfig, Reference, config_of, parse_reference
from .layout import Layout
from .registry import Manifest, Registry, registry_for

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "riscv64": "riscv64"}
WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An image on disk. `rootfs` is shared by everybody with the same digest: never write into it."""

    rootfs: str
    config: ImageConfig
    digest: str


def host_architecture() -> str:
    """Return this machine's architecture in the words of images."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())


def unpack(reference: str | Reference, registry: Registry | None, cache_dir: str) -> Unpacked:
    """Return the image, downloaded and unpacked below `cache_dir` unless it is there.

    A reference with a digest that is in the cache needs no network. Raises NotFound, Refused,
    Unreachable as the registry does, Permanent when the image is damaged.
    """
    image = parse_reference(reference) if isinstance(reference, str) else reference
    if image.digest:
        found = _cached(cache_dir, image.digest)
        if found is not None:
            return found
    client = registry or registry_for(image)
    try:
        digest = image.digest or client.resolve(image)
        return _cached(cache_dir, digest) or _fetch(client, image, digest, cache_dir)
    finally:
        if registry is None:
            client.close()


class Blobs(Protocol):
    """Where an image comes from: a registry, or a layout on the disk."""

    host: str

    def manifest(self, repository: str, identifier: str) -> Manifest:
        """Return a manifest."""

    def blob(self, repository: str, digest: str) -> bytes:
        """Return a small blob."""

    def download(self, repository: str, digest: str, path: str) -> None:
        """Write a blob into a file."""


def unpack_layout(folder: str, tag: str, cache_dir: str) -> Unpacked:
    """Return the image of an OCI layout, unpacked below `cache_dir` unless it is there. Invalid when it is none."""
    layout = Layout(folder)
    digest = layout.digest(tag)
    return _cached(cache_dir, digest) or _fetch(layout, Reference("layout", "image", digest=digest), digest, cache_dir)


def select(registry: Blobs, repository: str, identifier: str, architecture: str = "") -> Manifest:
    """Return the manifest for one architecture (this machine's by default), through an index when there is one."""
    manifest = registry.manifest(repository, identifier)
    if not manifest.is_index:
        return manifest
    wanted = architecture or host_architecture()
    for entry in manifest.data.get("manifests") or []:
        where = entry.get("platform") or {}
        if where.get("os") == "linux" and where.get("architecture") == wanted:
            return registry.manifest(repository, entry["digest"])
    raise Permanent(f"{registry.host}/{repository}@{identifier} has no image for linux/{wanted}")


def _place(cache_dir: str, digest: str) -> str:
    return os.path.join(cache_dir, "images", digest.replace(":", "-"))


def _cached(cache_dir: str, digest: str) -> Unpacked | None:
    place = _place(cache_dir, digest)
    try:
        with open(os.path.join(place, "config.json"), encoding="utf-8") as file:
            return Unpacked(os.path.join(place, "rootfs"), config_of(json.load(file)), digest)
    except FileNotFoundError:
        return None


def _fetch(registry: Blobs, image: Reference, digest: str, cache_dir: str) -> Unpacked:
    manifest = select(registry, image.repository, digest).data
    if "config" not in manifest:
        raise Permanent(f"{image} is no image: its manifest has no config")
    config = registry.blob(image.repository, manifest["config"]["digest"])
    os.makedirs(os.path.join(cache_dir, "images"), exist_ok=True)
    work = tempfile.mkdtemp(prefix=".unpack-", dir=os.path.join(cache_dir, "images"))
    try:
        rootfs = os.path.join(work, "rootfs")
        os.mkdir(rootfs)
        _apply_layers(registry, image, manifest, json.loads(config), work, rootfs)
        with open(os.path.join(work, "config.json"), "wb") as file:
            file.write(config)
        os.chmod(work, 0o755)
        _publish(work, _place(cache_dir, digest))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    found = _cached(cache_dir, digest)
    if found is None:
        raise Permanent(f"the image cache {cache_dir} lost {image}")
    return found


def _publish(work: str, place: str) -> None:
    try:
        os.rename(work, place)
    except OSError:
        # Somebody else was faster with the same digest: theirs is as good.
        if not os.path.exists(os.path.join(place, "config.json")):
            raise


def _apply_layers(
    registry: Blobs, image: Reference, manifest: dict[str, Any], config: dict[str, Any], work: str, rootfs: str
) -> None:
    expected = (config.get("rootfs") or {}).get("diff_ids") or []
    for index, layer in enumerate(manifest.get("layers") or []):
        blob = os.path.join(work, "layer")
        registry.download(image.repository, layer["digest"], blob)
        seen = apply_layer(blob, layer.get("mediaType", ""), rootfs)
        if index < len(expected) and expected[index] != seen:
            raise Permanent(f"{image}: layer {index} unpacks to {seen}, its configuration says {expected[index]}")
        os.unlink(blob)


class _Hashing:
    """A reader that hashes what passes."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner
        self.seen = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._inner.read(size)
        self.seen.update(data)
        return data


def apply_layer(path: str, media_type: str, rootfs: str) -> str:
    """Apply one layer file to a directory; return the digest of its uncompressed bytes."""
    with open(path, "rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic == b"\x28\xb5\x2f\xfd" or media_type.endswith("zstd"):
            raise Refused("the image has zstd layers, which cannot be unpacked here", hint="push it with gzip layers")
        reader = _Hashing(cast(IO[bytes], gzip.GzipFile(fileobj=file)) if magic[:2] == b"\x1f\x8b" else file)
        try:
            written: set[str] = set()
            with tarfile.open(fileobj=cast(IO[bytes], reader), mode="r|") as archive:
                for member in archive:
                    _place_member(archive, member, rootfs, written)
            while reader.read(1 << 20):
                pass
        except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as error:
            raise Permanent(f"a layer of the image is damaged: {error}") from error
        return f"sha256:{reader.seen.hexdigest()}"


def inside(rootfs: str, name: str, *, follow_last: bool = False) -> str:
    """Return the host path of `name` within `rootfs`, links followed as if `rootfs` were the root."""
    todo = [part for part in name.split("/") if part not in ("", ".")]
    done: list[str] = []
    hops = 0
    while todo:
        part = todo.pop(0)
        if part == "..":
            done = done[:-1]
            continue
        here = os.path.join(rootfs, *done, part)
        if (todo or follow_last) and os.path.islink(here):
            hops += 1
            if hops > 40:
                raise Permanent(f"too many links at {name} in the image")
            text = os.readlink(here)
            done = [] if text.startswith("/") else done
            todo = [piece for piece in text.split("/") if piece not in ("", ".")] + todo
            continue
        done.append(part)
    return os.path.join(rootfs, *done)


def _place_member(archive: tarfile.TarFile, member: tarfile.TarInfo, rootfs: str, written: set[str]) -> None:
    target = inside(rootfs, member.name)
    folder, name = os.path.split(target)
    if target == rootfs or not target.startswith(rootfs + "/"):
        return
    if name == OPAQUE:
        _empty(folder, written)
    elif name.startswith(WHITEOUT):
        _remove(os.path.join(folder, name[len(WHITEOUT) :]))
    else:
        os.makedirs(folder, exist_ok=True)
        written.add(target)
        _write(archive, member, target, rootfs)


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, target: str, rootfs: str) -> None:
    mode = stat.S_IMODE(member.mode) & 0o777
    if member.isdir():
        if os.path.islink(target) or not os.path.isdir(target):
            _remove(target)
            os.mkdir(target)
        os.chmod(target, mode | 0o700)
        return
    if not (member.isfile() or member.issym() or member.islnk()):
        return  # devices and pipes: the sandbox has its own
    _remove(target)
    if member.issym():
        os.symlink(member.linkname, target)
    elif member.islnk():
        os.link(inside(rootfs, member.linkname), target, follow_symlinks=False)
    else:
        source = archive.extractfile(member)
        with open(target, "wb") as file:
            shutil.copyfileobj(cast(IO[bytes], source), file)
        os.chmod(target, mode | 0o400)


def _empty(folder: str, keep: set[str]) -> None:
    # An opaque mark hides what lower layers put there, not what this layer has written already.
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        path = os.path.join(folder, name)
        if not any(mine == path or mine.startswith(path + "/") for mine in keep):
            _remove(path)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)

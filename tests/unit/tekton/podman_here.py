# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether podman works on this machine, with what arguments, an image of busybox for it, and a registry that has it."""

from __future__ import annotations

import io
import json
import os
import shlex
import shutil
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

IMAGE = "localhost/slipway-test-busybox:1"
# Machines that refuse to raise limits, with a mix of both kinds of cgroups.
_NARROW = "--runtime runc --ulimit nofile=1024:1024 --ulimit nproc=1024:1024"
_CONFIG = ["ENV PATH=/bin", 'ENTRYPOINT ["/bin/echo", "entry point:"]']


@lru_cache(maxsize=1)
def arguments() -> str:
    """Return the SLIPWAY_PODMAN_ARGS with which containers run here; RuntimeError says why they do not."""
    if shutil.which("podman") is None:
        raise RuntimeError("the program podman is not installed")
    _import_image()
    tried = [os.environ["SLIPWAY_PODMAN_ARGS"]] if "SLIPWAY_PODMAN_ARGS" in os.environ else ["", _NARROW]
    said = ""
    for words in tried:
        done = podman("run", "--rm", *shlex.split(words), "--entrypoint", "/bin/true", IMAGE)
        if done.returncode == 0:
            return words
        said = done.stderr.strip().rpartition("\n")[2]
    raise RuntimeError(f"podman runs no container here: {said}")


def podman(*words: str) -> subprocess.CompletedProcess[str]:
    """Run podman."""
    return subprocess.run(["podman", *words], capture_output=True, text=True, check=False, timeout=120)


def _import_image() -> None:
    if podman("image", "exists", IMAGE).returncode == 0:
        return
    busybox = shutil.which("busybox")
    if busybox is None:
        raise RuntimeError("the program busybox, of which the test image is made, is not installed")
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "rootfs.tar")
        _archive(archive, busybox)
        changes = [word for change in _CONFIG for word in ("--change", change)]
        done = podman("import", *changes, str(archive), IMAGE)
    if done.returncode:
        raise RuntimeError(f"podman imports no image here: {done.stderr.strip()}")


def _archive(path: Path, busybox: str) -> None:
    names = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    with tarfile.open(path, "w") as archive:
        for folder, mode in (("bin", 0o755), ("etc", 0o755), ("root", 0o700), ("tmp", 0o1777)):
            _entry(archive, folder, tarfile.DIRTYPE, mode)
        archive.add(os.path.realpath(busybox), "bin/busybox")
        for name in names:
            if name != "busybox":
                _entry(archive, f"bin/{name}", tarfile.SYMTYPE, 0o777, link="busybox")
        text = b"root:x:0:0:root:/root:/bin/sh\n"
        info = tarfile.TarInfo("etc/passwd")
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text))


def _entry(archive: tarfile.TarFile, name: str, kind: bytes, mode: int, link: str = "") -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.linkname = kind, mode, link
    archive.addfile(info)


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """Serve the test image without TLS, as HOST:PORT/image:1; yield its registry."""
    done = podman("save", "--format", "oci-dir", "--output", str(folder), IMAGE)
    assert done.returncode == 0, done.stderr
    index = json.loads((folder / "index.json").read_text())
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(folder, index["manifests"][0]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _handler(folder: Path, manifest: dict[str, Any]) -> type[BaseHTTPRequestHandler]:
    class Blobs(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            digest = manifest["digest"] if "/manifests/" in self.path else name
            path = folder / "blobs" / digest.replace(":", "/")
            content = path.read_bytes() if path.is_file() else b"{}"
            self.send_response(200)
            self.send_header(
                "Content-Type", manifest["mediaType"] if "/manifests/" in self.path else "application/json"
            )
            self.send_header("Docker-Content-Digest", digest)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Blobs

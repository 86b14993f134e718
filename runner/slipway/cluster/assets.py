# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gets the programs of the embedded cluster: from a folder, the cache, a release download, or a Go build.

What is in the cache was checked when it came; a lock keeps two projects from making the same program.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from slipway.cluster.assets_table import KUBERNETES, Asset, table
from slipway.core import Permanent, Unreachable

Say = Callable[[str], None]
GOMOD = Path(__file__).with_name("gomod")
_CONNECT_SECONDS = 5.0
_CHUNK = 1 << 20


def cache_dir() -> Path:
    """Return the cache folder of this Kubernetes version."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "slipway" / KUBERNETES.removeprefix("v")


def ensure(names: Sequence[str], say: Say) -> dict[str, Path]:
    """Return the path of each program, getting what is missing. Permanent when there is no way to get one."""
    return {name: obtain(table()[name], say) for name in names}


def find(name: str) -> Path | None:
    """Return a program that is there already, without getting it."""
    return _there(table()[name])


def _there(asset: Asset) -> Path | None:
    return next((path for path in _places(asset) if os.access(path, os.X_OK)), None)


def _places(asset: Asset) -> Iterator[Path]:
    for variable in ("SLIPWAY_ASSETS", "KUBEBUILDER_ASSETS"):
        if os.environ.get(variable):
            yield Path(os.environ[variable], asset.name)
    yield _cached(asset)


def _cached(asset: Asset) -> Path:
    return cache_dir() / f"{asset.name}-{asset.version.removeprefix('v')}"


def obtain(asset: Asset, say: Say) -> Path:
    """Return the path of one program, getting it where it is missing. Permanent when there is no way to get it."""
    found = _there(asset)
    if found:
        return found
    target = _cached(asset)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.with_suffix(".lock"), asset.name, say):
        if not target.exists():
            _get(asset, target, say)
    return target


def _get(asset: Asset, target: Path, say: Say) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{asset.name}-") as scratch:
        made = Path(scratch) / asset.name
        if not asset.url or not _downloaded(asset, made, say):
            _build(asset, made, say)
        made.chmod(0o755)
        made.replace(target)


def _downloaded(asset: Asset, made: Path, say: Say) -> bool:
    try:
        _download(asset, made, say)
    except Unreachable as error:
        say(f"{asset.name} {asset.version}: {error.message}")
        return False
    return True


def _download(asset: Asset, made: Path, say: Say) -> None:
    wanted = _checksum(asset)
    archive = made.with_suffix(".part")
    started = time.monotonic()
    say(f"{asset.name} {asset.version}: downloading (usually under a minute)")
    digest = _fetch(asset.url, archive)
    if digest != wanted:
        raise Permanent(
            f"the checksum of {asset.url} is {digest}, not {wanted}",
            hint="the download was damaged or replaced: try again, or put the program into SLIPWAY_ASSETS",
        )
    if asset.member:
        _extract(archive, asset.member, made)
    else:
        archive.replace(made)
    say(f"{asset.name} {asset.version}: downloaded in {time.monotonic() - started:.0f} s")


def _checksum(asset: Asset) -> str:
    """Return the published sha256: a bare digest, or the line of the file in a list."""
    text = _open(asset.checksums).decode("ascii", "replace")
    lines = [line.split() for line in text.splitlines() if line.strip()]
    name = asset.url.rsplit("/", 1)[-1]
    for parts in lines:
        if len(parts) == 1 or parts[-1].lstrip("*").endswith(name):
            return parts[0].lower()
    raise Unreachable(f"{asset.checksums} names no checksum for {name}")


def _open(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=_CONNECT_SECONDS) as answer:
            return bytes(answer.read())
    except OSError as error:
        raise Unreachable(f"no download from {url.split('/')[2]}: {getattr(error, 'reason', error)}") from error


def _fetch(url: str, target: Path) -> str:
    """Download to `target`, resuming once after a break; return the sha256."""
    for attempt in (1, 2, 3):
        have = target.stat().st_size if target.exists() else 0
        request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
        try:
            with urllib.request.urlopen(request, timeout=_CONNECT_SECONDS * 4) as answer:
                mode = "ab" if have and answer.status == 206 else "wb"
                with open(target, mode) as stream:
                    shutil.copyfileobj(answer, stream, _CHUNK)
                    whole = (have if mode == "ab" else 0) + int(answer.headers.get("Content-Length") or 0)
            # A connection that ends early is no error of the library: the size tells.
            if target.stat().st_size < whole:
                raise ConnectionError(f"the connection ended after {target.stat().st_size} of {whole} bytes")
            return _sha256(target)
        except urllib.error.HTTPError as error:
            raise Unreachable(f"no download of {url}: {error}") from error
        except OSError as error:
            if attempt == 3:
                raise Unreachable(f"no download of {url}: {error}") from error
    raise AssertionError("unreachable")


def _sha256(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _extract(archive: Path, member: str, made: Path) -> None:
    with tarfile.open(archive) as tar:
        stream = tar.extractfile(member)
        if stream is None:
            raise Permanent(f"{archive.name} holds no {member}")
        with open(made, "wb") as target:
            shutil.copyfileobj(stream, target)


def _build(asset: Asset, made: Path, say: Say) -> None:
    go = shutil.which("go")
    if not go:
        raise Permanent(
            f"{asset.name} can be neither downloaded nor built: the network is out of reach and there is no Go",
            hint="put the programs into a folder and set SLIPWAY_ASSETS, or install Go 1.26",
        )
    say(f"{asset.name} {asset.version}: building with Go (about {asset.build_seconds} s on two cores, once)")
    started = time.monotonic()
    folder = made.with_name("source")
    shutil.copytree(GOMOD / asset.gomod, folder)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false -mod=mod", "GOWORK": "off"}
    command = [go, "build", "-trimpath", "-ldflags", asset.ldflags, "-o", str(made), asset.package]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = done.stderr.strip()[-600:]
        raise Permanent(f"building {asset.name} failed: {tail}", hint="Go 1.26 and the Go module proxy are needed")
    say(f"{asset.name} {asset.version}: built in {time.monotonic() - started:.0f} s")


@contextmanager
def _locked(path: Path, name: str, say: Say) -> Iterator[None]:
    with open(path, "w", encoding="ascii") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{name}: another project is getting it, waiting")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield

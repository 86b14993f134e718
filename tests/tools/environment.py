# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes what the make targets need below .build: virtual environments and collections.

Runs with any Python from 3.11 on and only the standard library. Everything it says goes to stderr.
Done work is recognised by a stamp that holds a hash of what was asked for.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build"
NEWEST = (3, 14)
LOWEST = (3, 11)
LOW_CORE = "ansible-core>=2.18,<2.19"
# Collections without a Galaxy server: the `ansible` package on PyPI carries them.
COLLECTIONS = {"kubernetes/core": "kubernetes.core"}


def say(text: str) -> None:
    print(f"[setup] {text}", file=sys.stderr, flush=True)


def pythons() -> list[tuple[tuple[int, int], str]]:
    """Return ((major, minor), path) of every usable interpreter, newest first."""
    folders = [*os.environ.get("PATH", "").split(":"), *glob.glob(os.path.expanduser("~/.pyenv/versions/3.*/bin"))]
    found: dict[tuple[int, int], str] = {}
    for folder in folders:
        for path in glob.glob(os.path.join(folder, "python3.[0-9]*")) if "shims" not in folder else []:
            match = re.fullmatch(r"python3\.(\d+)", os.path.basename(path))
            if match and _works(path):
                found.setdefault((3, int(match[1])), path)
    found.setdefault((sys.version_info.major, sys.version_info.minor), sys.executable)
    return sorted(((v, p) for v, p in found.items() if LOWEST <= v <= NEWEST), reverse=True)


def _works(path: str) -> bool:
    probe = [path, "-c", "import venv, ensurepip, ssl, sqlite3"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def stamp_of(*files: Path, extra: str = "") -> str:
    digest = hashlib.sha256(extra.encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def fresh(name: str, stamp: str) -> bool:
    file = BUILD / f"{name}.stamp"
    return file.is_file() and file.read_text() == stamp


def finish(name: str, stamp: str) -> None:
    (BUILD / f"{name}.stamp").write_text(stamp)


def link_collection() -> None:
    """Let the checkout be importable as ansible_collections.slipway.gitops."""
    folder = BUILD / "ansible_collections" / "slipway"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "gitops"
    if not link.is_symlink():
        link.symlink_to("../../..")


def make_venv(name: str, python: str, requirements: list[Path], extra: list[str]) -> None:
    """Create BUILD/name with the requirements, unless it is there already."""
    stamp = stamp_of(*requirements, extra=f"{python} {extra} {ROOT}")
    if fresh(name, stamp):
        return
    say(f"virtual environment {name} with {python} (about 40 s)")
    started = time.monotonic()
    folder = BUILD / name
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    files = [part for file in requirements for part in ("-r", str(file))]
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *extra, *files], check=True, stdout=sys.stderr)
    site = subprocess.check_output(
        [str(folder / "bin/python"), "-c", "import site; print(site.getsitepackages()[0])"], text=True
    )
    Path(site.strip(), "slipway-dev.pth").write_text(f"{BUILD}\n{ROOT / 'runner'}\n")
    _command(folder)
    finish(name, stamp)
    say(f"{name} is ready after {time.monotonic() - started:.0f} s")


def _command(folder: Path) -> None:
    """The command `slipway`, run from the checkout."""
    script = folder / "bin" / "slipway"
    script.write_text(
        f"#!{folder}/bin/python\nimport sys\nfrom slipway.cli import main\n"
        "if __name__ == '__main__':\n    sys.exit(main())\n"
    )
    script.chmod(0o755)


def get_collections(python: str) -> None:
    """Put the collections of galaxy.yml's dependencies beside ours, from the `ansible` package."""
    stamp = stamp_of(ROOT / "galaxy.yml", extra=str(COLLECTIONS))
    if fresh("collections", stamp):
        return
    say("collections kubernetes.core, from the ansible package on PyPI (about 15 s, 50 MB)")
    with tempfile.TemporaryDirectory() as scratch:
        command = [python, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
        subprocess.run([*command, "-d", scratch, "ansible"], check=True, stdout=sys.stderr)
        with zipfile.ZipFile(next(Path(scratch).glob("ansible-*.whl"))) as wheel:
            for name in wheel.namelist():
                if any(name.startswith(f"ansible_collections/{path}/") for path in COLLECTIONS):
                    wheel.extract(name, BUILD)
    finish("collections", stamp)


def main(what: list[str]) -> int:
    BUILD.mkdir(exist_ok=True)
    found = pythons()
    if not found:
        say("needs Python 3.11 or newer with the venv module (Debian: apt-get install python3 python3-venv)")
        return 15
    link_collection()
    base, tests = ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt"
    if "demo" in what and not (BUILD / "venv.stamp").is_file():
        make_venv("venv-demo", found[0][1], [base], [])
    if "test" in what:
        make_venv("venv", found[0][1], [base, tests], [])
        get_collections(str(BUILD / "venv/bin/python"))
    if "low" in what:
        lowest = next((path for version, path in reversed(found) if version <= (3, 13)), found[-1][1])
        make_venv("venv-low", lowest, [base], [LOW_CORE, "pytest", "pytest-timeout"])
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as failed:
        say(f"failed: {' '.join(map(str, failed.cmd))[:300]} (exit {failed.returncode})")
        sys.exit(70)

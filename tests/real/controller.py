# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real Argo Rollouts controller as a process that minds one namespace, for comparisons side by side."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from slipway.cluster import assets
from slipway.cluster.assets_table import Asset

VERSION = "v1.9.1"
ASSET = Asset(
    name="rollouts-controller",
    version=VERSION,
    url="",
    checksums="",
    gomod=str(Path(__file__).with_name("gomod") / "rollouts"),
    package="github.com/argoproj/argo-rollouts/cmd/rollouts-controller",
    build_seconds=330,
)
SECONDS_TO_START = 60.0


def program() -> Path:
    """Return the controller, built from source the first time (minutes)."""
    return assets.obtain(ASSET, lambda text: print(text, flush=True))


@contextmanager
def running(kubeconfig: str, namespace: str) -> Iterator[None]:
    """Run the controller for one namespace until the block ends. RuntimeError with its log when it does not start."""
    health, metrics = _free_port(), _free_port()
    command = [
        str(program()), "--kubeconfig", kubeconfig, "--namespaced", "--namespace", namespace,
        "--healthzPort", str(health), "--metricsPort", str(metrics), "--leader-elect=false", "--loglevel", "warn",
    ]  # fmt: skip
    with tempfile.NamedTemporaryFile("w+", prefix="rollouts-", suffix=".log") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _until_healthy(health, process, Path(log.name))
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until_healthy(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the rollouts controller did not start: {log.read_text(errors='replace')[-600:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets the demo up: cluster, registry, repositories, receiver. Everything listens on loopback.

Knows the services; must not know what is delivered.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config
from slipway import state
from slipway.cluster import api as cluster
from slipway.cluster import gitserver
from slipway.core import Invalid, Permanent
from slipway.demo import objects, repos

PROJECT = "demo"
NAMESPACE = "hello"
CODE, CONFIG = "hello", "hello-config"
Say = Callable[[str], None]


@dataclass
class Stage:
    """What is up, and where. `work` holds everything that the demo writes."""

    work: Path
    cluster: Any
    receiver_port: int
    token: str
    serve: subprocess.Popen[bytes] | None = None
    clones: dict[str, Path] = field(default_factory=dict)

    @property
    def code(self) -> Path:
        return self.clones[CODE]

    @property
    def manifests(self) -> Path:
        return self.work / "hello"

    def close(self) -> None:
        """End the receiver. The cluster stays up for the next time."""
        if self.serve and self.serve.poll() is None:
            self.serve.terminate()
            try:
                self.serve.wait(10)
            except subprocess.TimeoutExpired:
                self.serve.kill()


def work_dir() -> Path:
    """Return the demo's folder below the runner's state."""
    return state.state_dir() / "demo"


def example_dir() -> Path:
    """Return examples/hello of the checkout, or the copy that the wheel carries."""
    for base in (Path(__file__).resolve().parents[3], Path(__file__).resolve().parent):
        if (base / "examples" / "hello").is_dir():
            return base / "examples" / "hello"
    raise Permanent("the example examples/hello is not installed", hint="run the demo from a checkout")


def set_up(say: Say) -> Stage:
    """Bring everything up and publish the two repositories; nothing has been delivered yet."""
    up = cluster.up(fake_nodes=0, process_node=True, registry=True, git=True, progress=say)
    work = state.private_dir(work_dir())
    stage = Stage(work, up, _free_port(), secrets.token_urlsafe(24))
    _clear(stage, say)
    addresses = repos.Addresses(
        git=f"{up.git_url.rstrip('/')}/", registry=need_registry() if up.external else up.registry_host
    )
    repos.copy_example(example_dir(), stage.manifests, addresses)
    _write_secret(stage)
    _publish(stage, addresses, say)
    objects.create(up.kubeconfig, NAMESPACE, stage.manifests / "config" / "application.yaml")
    _start_receiver(stage)
    return stage


def need_registry() -> str:
    """Return the registry for a cluster of the user's. Invalid when none is named."""
    given = os.environ.get("SLIPWAY_REGISTRY", "")
    if not given:
        raise Invalid("SLIPWAY_REGISTRY", "is not set", hint="a cluster of your own needs a registry that it can reach")
    return given.rstrip("/")


def _step_env(up: Any) -> Mapping[str, str]:
    """On process nodes the host's Python serves and no base image is pulled; other nodes need the real one."""
    with Client(load_config({"kubeconfig": str(up.kubeconfig)})) as client:
        process = client.list("v1", "Node", labels="slipway.dev/runtime=process")
    return {"SLIPWAY_BASE_MAP": json.dumps({"python:*": "host"})} if process else {}


def _clear(stage: Stage, say: Say) -> None:
    """Remove what an earlier demo left, so that the first release is a first release again."""
    if objects.remove(stage.cluster.kubeconfig, NAMESPACE):
        say("removed the objects of an earlier demo")
    for name in (CODE, CONFIG):
        shutil.rmtree(Path(stage.cluster.git_root) / f"{name}.git", ignore_errors=True)
        shutil.rmtree(stage.work / "clones" / name, ignore_errors=True)


def _write_secret(stage: Stage) -> None:
    """The token that GitLab would send, for the interceptor and for the hook."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "gitlab-webhook"},
        "stringData": {"secretToken": stage.token},
    }
    state.write_private(stage.work / "gitlab-webhook.yaml", yaml.safe_dump(secret))
    state.write_private(stage.work / "token", stage.token)


def _publish(stage: Stage, addresses: repos.Addresses, say: Say) -> None:
    for name, folder in ((CONFIG, "config"), (CODE, "app")):
        gitserver.create_repo(stage.cluster.git_root, name)
        clone = stage.work / "clones" / name
        url = f"{addresses.git}{name}.git"
        commit = repos.publish(stage.manifests / folder, clone, url, f"Begin {name}")
        stage.clones[name] = clone
        say(f"repository {url} at {commit[:8]}")
    receiver = f"http://127.0.0.1:{stage.receiver_port}/"
    bare = Path(stage.cluster.git_root) / f"{CODE}.git"
    repos.install_hook(bare, f"{addresses.git}{CODE}.git", receiver, stage.work / "token")


def _start_receiver(stage: Stage) -> None:
    config = stage.work / "serve.yaml"
    state.write_private(config, yaml.safe_dump(_serve_config(stage), sort_keys=False))
    environment = {
        **os.environ,
        "K8S_AUTH_KUBECONFIG": str(stage.cluster.kubeconfig),
        "SLIPWAY_STATE_DIR": str(state.state_dir()),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with open(stage.work / "serve.log", "ab") as log:
        stage.serve = subprocess.Popen(
            [sys.executable, "-P", "-m", "slipway", "serve", str(config)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    _until_live(stage)


def _serve_config(stage: Stage) -> Mapping[str, Any]:
    config = {
        "repository": f"{stage.cluster.git_url.rstrip('/')}/{CONFIG}.git",
        "branch": "main",
        "path": "overlays/demo",
        "images": [{"name": "hello", "digest_from": "image-digest"}],
    }
    project = {
        "name": PROJECT,
        "manifests": [
            str(stage.manifests / "pipeline"),
            str(stage.manifests / "config" / "application.yaml"),
            str(stage.work / "gitlab-webhook.yaml"),
        ],
        "listener": "hello",
        "branches": ["main"],
        "policy": "queue",
        "config": config,
        "applications": ["hello"],
        "http_proxy": stage.cluster.gateway_url or "",
        "step_env": _step_env(stage.cluster),
    }
    return {"listen": f"127.0.0.1:{stage.receiver_port}", "projects": [project]}


def _until_live(stage: Stage) -> None:
    deadline = time.monotonic() + 20
    address = f"http://127.0.0.1:{stage.receiver_port}/live"
    while time.monotonic() < deadline:
        if stage.serve is not None and stage.serve.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    tail = (stage.work / "serve.log").read_text(errors="replace")[-600:]
    raise Permanent(f"the receiver did not start: {tail.strip()}", hint=f"its log: {stage.work / 'serve.log'}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

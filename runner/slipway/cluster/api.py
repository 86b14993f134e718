# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded cluster for everybody else: up, down, status.

`up` may be called again at any time: it starts what is missing and returns at once when all is there.
Only SLIPWAY_KUBECONFIG selects another cluster; plain KUBECONFIG is usually production and is ignored.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import ObjectRef
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config
from slipway import collection, state
from slipway.cluster import assets, controlplane, crds, kwok, pki, processes
from slipway.core import Invalid, Permanent

EXTERNAL = "SLIPWAY_KUBECONFIG"
_CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What runs and where. Paths and addresses are empty for what was not asked for."""

    name: str
    state_dir: str
    kubeconfig: str
    external: bool = False
    registry_host: str = ""
    git_url: str = ""
    git_root: str = ""
    gateway_url: str = ""


def default_name() -> str:
    """Return the cluster of this checkout: parallel projects do not share one."""
    base = str(collection.checkout() or Path.cwd())
    given = os.environ.get(EXTERNAL, "")
    if given:
        base += f"\0{Path(given).absolute()}"  # what serves somebody's own cluster is kept apart
        return f"external-{hashlib.sha256(base.encode()).hexdigest()[:6]}"
    return f"{Path(base).name}-{hashlib.sha256(base.encode()).hexdigest()[:6]}"


def up(
    name: str = "",
    *,
    fake_nodes: int = 3,
    process_node: bool = False,
    registry: bool = False,
    git: bool = False,
    progress: Say = lambda _text: None,
) -> ClusterState:
    """Bring the cluster and the wanted services up; wait until they answer. Permanent when one cannot start."""
    started = time.monotonic()
    folder = state.private_dir(_folder(name or default_name()))
    with _locked(folder):
        external = os.environ.get(EXTERNAL, "")
        if not external:
            _control_plane(folder, progress)
        kubeconfig = external or str(folder / "admin.kubeconfig")
        addresses = _services(folder, progress, registry=registry and not external, git=git)
        with Client(load_config({"kubeconfig": kubeconfig})) as client:
            _furnish(client, folder, progress, fresh=not external)
            if external and process_node:
                addresses["gateway_url"] = _gateway(folder, kubeconfig)
            if not external:
                _nodes(client, folder, fake_nodes, tainted=process_node)
                if process_node:
                    addresses["gateway_url"] = _process_node(client, folder, progress)
    found = ClusterState(folder.name, str(folder), kubeconfig, external=bool(external), **addresses)
    state.write_private(folder / "cluster.json", json.dumps(asdict(found)))
    progress(f"cluster {folder.name} is up after {time.monotonic() - started:.1f} s")
    return found


def down(name: str = "", *, everything: bool = False) -> list[str]:
    """End exactly what `up` started and remove its data; return the names of the ended clusters."""
    names = [entry.name for entry in _root().iterdir()] if everything and _root().is_dir() else [name or default_name()]
    ended = []
    for one in names:
        folder = _folder(one)
        if not folder.is_dir():
            continue
        with _locked(folder):
            daemons = processes.listed(folder)
            last = [daemon for daemon in daemons if daemon.name == "etcd"]
            processes.stop([daemon for daemon in daemons if daemon not in last], folder)
            processes.stop(last, folder)
        shutil.rmtree(folder)
        ended.append(one)
    return ended


def status(name: str = "") -> dict[str, Any]:
    """Return what is known of a cluster: addresses and processes."""
    folder = _folder(name or default_name())
    if not (folder / "cluster.json").is_file():
        raise Invalid("cluster", f"there is no cluster {folder.name}", hint="slipway cluster up makes it")
    known: dict[str, Any] = json.loads((folder / "cluster.json").read_text())
    daemons = processes.listed(folder)
    known["processes"] = [{**asdict(daemon), "running": processes.alive(daemon)} for daemon in daemons]
    return known


def withdraw(name: str = "") -> list[str]:
    """Remove from a cluster that is not ours the CRDs that `up` created there; return those that have objects."""
    folder = _folder(name or default_name())
    file = folder / "created-crds.json"
    if not file.is_file():
        return []
    with Client(load_config({"kubeconfig": os.environ[EXTERNAL]})) as client:
        kept = crds.remove(client, json.loads(file.read_text()))
    state.write_private(file, json.dumps(kept))
    return kept


def names() -> list[str]:
    """Return the clusters that exist."""
    root = _root()
    return sorted(entry.name for entry in root.iterdir() if (entry / "cluster.json").is_file()) if root.is_dir() else []


def _root() -> Path:
    return state.state_dir() / "clusters"


def _folder(name: str) -> Path:
    if "/" in name or name.startswith("."):
        raise Invalid("name", f"is no name for a cluster: {name!r}")
    return _root() / name


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with open(folder / "lock", "w", encoding="ascii") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _running(folder: Path) -> set[str]:
    return {daemon.name for daemon in processes.listed(folder) if processes.alive(daemon)}


def _control_plane(folder: Path, say: Say) -> None:
    if set(_CONTROL_PLANE) <= _running(folder):
        return
    programs = assets.ensure([*_CONTROL_PLANE, "kwok"], say)
    say("starting the control plane (about 5 s)")
    daemons = processes.listed(folder)
    processes.stop(daemons, folder)  # of a crashed one nothing may stay: its data and ports are void
    for part in ("etcd", "pki", "logs"):
        shutil.rmtree(folder / part, ignore_errors=True)
    pki.write(state.private_dir(folder / "pki"), controlplane.SERVICE_ADDRESS)
    ports = controlplane.free_ports()
    controlplane.write_kubeconfigs(folder, ports)
    controlplane.start_etcd(folder, programs, ports)
    controlplane.start_apiserver(folder, programs, ports)
    controlplane.wait_ready(folder, ports)
    controlplane.start_controllers(folder, programs, ports)


def _services(folder: Path, say: Say, *, registry: bool, git: bool) -> dict[str, str]:
    addresses = {}
    if registry:
        addresses["registry_host"] = _registry(folder, say)
    if git:
        root = state.private_dir(folder / "git")
        port = _service(
            folder, "git", lambda port: [sys.executable, "-P", "-m", "slipway.cluster.gitserver", str(root), port]
        )
        addresses.update(git_url=f"http://127.0.0.1:{port}", git_root=str(root))
    return addresses


def _registry(folder: Path, say: Say) -> str:
    program = assets.ensure(["registry"], say)["registry"]

    def command(port: str) -> list[str]:
        config = {
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}, "delete": {"enabled": True}},
            "http": {"addr": f"127.0.0.1:{port}"},
        }
        state.write_private(folder / "registry.json", json.dumps(config))
        return [str(program), "serve", str(folder / "registry.json")]

    return f"127.0.0.1:{_service(folder, 'registry', command)}"


def _service(folder: Path, name: str, command: Callable[[str], list[str]], env: dict[str, str] | None = None) -> int:
    """Return the port of a service, starting it where it does not run."""
    file = folder / f"{name}.port"
    if name in _running(folder) and file.is_file():
        return int(file.read_text())
    port = int(file.read_text()) if file.is_file() else _free_port()
    port = port if _is_free(port) else _free_port()
    daemon = processes.start(name, command(str(port)), folder, env)
    state.write_private(file, str(port))
    deadline = time.monotonic() + 20
    while _is_free(port):
        if not processes.alive(daemon) or time.monotonic() > deadline:
            tail = Path(daemon.log).read_text(errors="replace")[-400:]
            raise Permanent(f"{name} did not start: {tail.strip()}", hint=f"its log: {daemon.log}")
        time.sleep(0.03)
    return port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _furnish(client: Client, folder: Path, say: Say, *, fresh: bool) -> None:
    """Make the kinds known that the engines meet; remember what we created, so that only that is removed.

    In a `fresh` cluster that lacked kinds nothing of an earlier one counts any more.
    """
    made = crds.ensure(client)
    file = folder / "created-crds.json"
    before = json.loads(file.read_text()) if file.is_file() and not (fresh and made) else []
    state.write_private(file, json.dumps(sorted({*before, *made})))
    if made:
        say(f"created {len(made)} custom resource definitions")


def _nodes(client: Client, folder: Path, wanted: int, *, tainted: bool) -> None:
    have = {obj["metadata"]["name"] for obj in client.list("v1", "Node", labels="slipway.dev/runtime=fake")}
    if wanted and "kwok" not in _running(folder):
        kwok.start(folder, assets.ensure(["kwok"], lambda _text: None))
    for number in range(wanted):
        node = kwok.node(number, tainted=tainted)
        if node["metadata"]["name"] not in have:
            client.create(node)
    _until_ready(client, wanted)


def _until_ready(client: Client, wanted: int) -> None:
    deadline = time.monotonic() + 30
    while len([node for node in client.list("v1", "Node") if _ready(node)]) < wanted:
        if time.monotonic() > deadline:
            raise Permanent("the nodes did not get ready")
        time.sleep(0.05)


def _ready(node: dict[str, Any]) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or []
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


def _gateway(folder: Path, kubeconfig: str) -> str:
    """The gateway alone: nodes of a cluster that is not ours run its pods."""
    command = [sys.executable, "-P", "-m", "slipway.node.gateway", "--kubeconfig", kubeconfig, "--port"]
    return f"http://127.0.0.1:{_service(folder, 'gateway', lambda port: [*command, port])}"


def _process_node(client: Client, folder: Path, say: Say) -> str:
    name = "process-0"

    def command(port: str) -> list[str]:
        return [
            sys.executable, "-P", "-m", "slipway.node", "--kubeconfig", str(folder / "admin.kubeconfig"),
            "--name", name, "--state", str(state.private_dir(folder / "node")), "--gateway-port", port,
        ]  # fmt: skip

    port = _service(folder, "process-node", command)
    deadline = time.monotonic() + 20
    while not _ready(client.get("v1", "Node", name) or {}):
        if time.monotonic() > deadline:
            raise Permanent("the process node did not get ready", hint=f"its log: {folder / 'logs/process-node.log'}")
        time.sleep(0.05)
    say("the process node is ready")
    return f"http://127.0.0.1:{port}"


def remove_node(client: Client, name: str) -> None:
    """Forget a node object."""
    client.delete(ObjectRef("v1", "Node", name))

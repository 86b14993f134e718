# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`apply` and diff against kubectl and kubernetes.core.k8s, on ConfigMaps of 2 kB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._kube.apply import ApplyOptions, apply_batch
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config
from tests.bench.measure import Row, interleaved, seconds

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SIZES = (300, 1000)
PEERS = ("kubectl", "k8s")


def rows(_real: bool) -> list[Row]:
    """Bring the test cluster up and measure."""
    from slipway.cluster import api

    kubeconfig = api.up("test").kubeconfig
    out: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        for size in SIZES:
            bench = Bench(Path(scratch), str(kubeconfig), size)
            out += bench.apply_rows()
            if size == SIZES[0]:
                out += bench.diff_rows()
            bench.clean()
    return out


def config_maps(namespace: str, size: int, changed: int = 0) -> list[dict[str, Any]]:
    """Return `size` ConfigMaps of about 2 kB; the first `changed` differ from those of changed=0."""
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"bench-{number:04d}", "namespace": namespace, "labels": {"app": "bench"}},
            "data": {"text": ("y" if number < changed else "x") * 2000, "number": str(number)},
        }
        for number in range(size)
    ]


class Bench:
    """One size: files for the peers, a namespace each, and the actions to time."""

    def __init__(self, scratch: Path, kubeconfig: str, size: int) -> None:
        self.size, self.kubeconfig = size, kubeconfig
        self.folder = scratch / str(size)
        self.folder.mkdir()
        self.client = Client(load_config({"kubeconfig": kubeconfig}))
        self.spaces = {name: f"bench-{name}-{uuid.uuid4().hex[:6]}" for name in ("ours", "kubectl", "k8s", "engine")}
        self.environment = {
            **os.environ,
            "K8S_AUTH_KUBECONFIG": kubeconfig,
            "KUBECONFIG": kubeconfig,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
        }
        for space in self.spaces.values():
            self._new(space)

    def apply_rows(self) -> list[Row]:
        """Create, again unchanged, and with one changed object: playbooks and engine."""
        rows = []
        for case in ("create", "unchanged", "change1"):
            times = interleaved({name: self._action(name, case) for name in ("ours", "engine", *PEERS)})
            for peer in PEERS:
                name = f"apply.{case}.{self.size}.{peer}"
                rows.append(Row(name, times["ours"], times[peer], peer, scope="playbook"))
                rows.append(Row(f"{name}.engine", times["engine"], times[peer], peer))
        return rows

    def diff_rows(self) -> list[Row]:
        """A diff of what is unchanged: our check mode against kubectl diff."""
        times = interleaved({name: self._diff(name) for name in ("ours", "engine", "kubectl")})
        return [
            Row("diff.300.kubectl", times["ours"], times["kubectl"], "kubectl", scope="playbook"),
            Row("diff.300.kubectl.engine", times["engine"], times["kubectl"], "kubectl"),
        ]

    def clean(self) -> None:
        for space in self.spaces.values():
            self.client.delete(_namespace(space))
        self.client.close()

    def _action(self, name: str, case: str) -> Callable[[], float]:
        def once() -> float:
            space = self.spaces[name]
            if case == "create":
                self._empty(space)
            elif case == "change1":
                self._write(name, 0)
                self._run(name, 0)
            changed = 1 if case == "change1" else 0
            self._write(name, changed)
            return seconds(lambda: self._run(name, changed))

        if case == "unchanged":
            self._write(name, 0)
            self._run(name, 0)
        return once

    def _diff(self, name: str) -> Callable[[], float]:
        self._write(name, 0)
        self._run(name, 0)
        return lambda: seconds(lambda: self._run(name, 0, diff=True))

    def _run(self, name: str, changed: int, *, diff: bool = False) -> None:
        if name == "engine":
            objects = config_maps(self.spaces[name], self.size, changed)
            with Client(load_config({"kubeconfig": self.kubeconfig})) as client:
                report = apply_batch(client, objects, ApplyOptions(dry_run=diff))
            if report.failed:
                raise RuntimeError(f"engine: {report.failed[0]}")
            return
        command = self._kubectl(diff) if name == "kubectl" else self._playbook(name, diff)
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{name} failed: {(done.stdout + done.stderr)[-400:]}")

    def _kubectl(self, diff: bool) -> list[str]:
        verb = "diff" if diff else "apply"
        return [str(BIN / "kubectl"), verb, "--server-side", "-f", str(self.folder / "kubectl.yaml")]

    def _playbook(self, name: str, diff: bool) -> list[str]:
        extra = ["--check", "--diff"] if diff else []
        return [str(BIN / "ansible-playbook"), "-i", "localhost,", *extra, str(self.folder / f"{name}.yml")]

    def _write(self, name: str, changed: int) -> None:
        objects = config_maps(self.spaces[name], self.size, changed)
        listing = {"apiVersion": "v1", "kind": "List", "items": objects}
        (self.folder / f"{name}.yaml").write_text(json.dumps(listing))
        file = str(self.folder / f"{name}.yaml")
        task: dict[str, Any] = {"slipway.gitops.apply": {"src": [file], "wait": False}}
        if name == "k8s":
            task = {
                "kubernetes.core.k8s": {"src": file, "apply": True, "server_side_apply": {"field_manager": "bench"}}
            }
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
            "tasks": [task],
        }
        (self.folder / f"{name}.yml").write_text(json.dumps([play]))

    def _new(self, space: str) -> None:
        self.client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})

    def _empty(self, space: str) -> None:
        path = f"/api/v1/namespaces/{space}/configmaps"
        self.client.session.json("DELETE", path, query={"labelSelector": "app=bench"})


def _namespace(name: str) -> Any:
    from ansible_collections.slipway.gitops.plugins.module_utils._core.types import ObjectRef

    return ObjectRef("v1", "Namespace", name)

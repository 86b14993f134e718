# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where CS-06 delivers to: the embedded cluster with its registry and Git server, and the account that may deploy.

Knows services and addresses; must not know events or pipelines.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from slipway.cluster import api as cluster
from tests.e2e.cases import tutorial
from tests.e2e.cases.repositories import Clone, project

FIXTURES = Path(__file__).with_name("fixtures")
APPLICATION = "spring-boot-helloworld"
REPOSITORY = f"icloud2native/{APPLICATION}"
ACCOUNT = ("TR-21-ServiceAccount-helloworld-admin.yaml", "TR-21-ClusterRoleBinding-helloworld-admin.yaml")
TAG = re.compile(r"v0\.10-\d{8}-\d{6}")


@dataclass(frozen=True)
class Stage:
    """What is up. `kubeconfig` is that of the account helloworld-admin."""

    folder: Path
    up: cluster.ClusterState
    clone: Clone
    kubeconfig: Path

    @property
    def image(self) -> str:
        """The image without its tag."""
        return f"{self.up.registry_host}/{REPOSITORY}"

    def change(self, text: str, branch: str = "main") -> tuple[str, str]:
        """Push another text for /version; return the commit before and the new one."""
        before = self.clone.head()
        content = f'"""What /version says."""\n\nVERSION = "{text}"\n'
        return before, self.clone.commit(f"Say {text}", {"src/main/app/version.py": content}, branch)

    def tags(self) -> set[str]:
        """Return the tags in the registry."""
        try:
            with urllib.request.urlopen(
                f"http://{self.up.registry_host}/v2/{REPOSITORY}/tags/list", timeout=5
            ) as reply:
                return set(json.loads(reply.read())["tags"] or [])
        except urllib.error.HTTPError:  # nothing was pushed yet
            return set()

    def deployed(self) -> str:
        """Return the image of the Deployment."""
        path = "jsonpath={.spec.template.spec.containers[0].image}"
        return self.kubectl("get", "deployment", APPLICATION, "--output", path)

    def until_it_says(self, text: str, seconds: float = 60) -> None:
        """Wait until the Service answers /version with a text and nothing else."""
        deadline, said = time.monotonic() + seconds, ""
        while (said := self._version()) != text:
            assert time.monotonic() < deadline, f"/version says {said!r}, not {text!r}\n{self.kubectl('get', 'pods')}"
            time.sleep(0.1)

    def kubectl(self, *arguments: str, admin: bool = True) -> str:
        """Run kubectl in the namespace default."""
        kubeconfig = self.up.kubeconfig if admin else str(self.kubeconfig)
        return _kubectl(kubeconfig, *arguments)

    def options(self) -> Mapping[str, Any]:
        """Return the options of the runs: Maven's stand-in lies in the claim maven-cache, the host's Python is the base."""
        step_env = {
            "PATH": f"/root/.m2/bin:{os.defpath}:/usr/local/bin:/usr/sbin:/sbin",
            "HOME_M2": "/root/.m2",
            "SLIPWAY_BASE_MAP": json.dumps({"python:*": "host"}),
        }
        accounts = {"helloworld-admin": str(self.kubeconfig)}
        return {"claims": {"maven-cache": str(self.folder / "m2")}, "step_env": step_env, "service_accounts": accounts}

    def secret(self, folder: Path) -> str:
        """Write the Secret docker-config (TK-37) for the registry and return its path."""
        auth = base64.b64encode(b"tester:a-password-for-the-registry").decode()
        config = json.dumps({"auths": {self.up.registry_host: {"auth": auth}}})
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "docker-config"}}
        file = folder / "docker-config.json"
        file.write_text(json.dumps({**secret, "type": "Opaque", "stringData": {"config.json": config}}))
        return str(file)

    def _version(self) -> str:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": self.up.gateway_url}))
        try:
            with opener.open(f"http://{APPLICATION}.default.svc.cluster.local/version", timeout=5) as reply:
                return str(reply.read().decode())
        except OSError as error:
            return f"({error})"


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Bring everything up in `folder`, and down again."""
    if os.environ.get(cluster.EXTERNAL):
        pytest.skip(f"{cluster.EXTERNAL} is set: this test deploys into the namespace default of a cluster of its own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLIPWAY_STATE_DIR", str(folder / "cluster-state"))
        up = cluster.up("cs-events", fake_nodes=0, process_node=True, registry=True, git=True)
    try:
        (folder / "m2" / "bin").mkdir(parents=True)
        shutil.copy2(FIXTURES / "maven" / "mvn", folder / "m2" / "bin" / "mvn")
        source = FIXTURES / "helloworld"
        clone = project(Path(up.git_root), up.git_url, APPLICATION, folder / "clone", source)
        yield Stage(folder, up, clone, _account(folder, up.kubeconfig))
    finally:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SLIPWAY_STATE_DIR", str(folder / "cluster-state"))
            cluster.down("cs-events")


def _account(folder: Path, admin: str) -> Path:
    """Create the account helloworld-admin with the tutorial's rights, and a kubeconfig with its token."""
    for file in tutorial.copy(ACCOUNT, folder / "account"):
        _kubectl(admin, "apply", "--namespace", "default", "--filename", file)
    config = yaml.safe_load(Path(admin).read_text())
    name = config["contexts"][0]["context"]["user"]
    token = _kubectl(admin, "create", "token", "helloworld-admin", "--namespace", "default")
    config["users"] = [{"name": name, "user": {"token": token}}]
    file = folder / "helloworld-admin.kubeconfig"
    file.write_text(yaml.safe_dump(config))
    file.chmod(0o600)
    return file


def _kubectl(kubeconfig: str, *arguments: str) -> str:
    command = ["kubectl", "--kubeconfig", kubeconfig, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()

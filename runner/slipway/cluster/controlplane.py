# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command lines of the control plane and the configuration files that they read. Loopback only, data to throw away."""

from __future__ import annotations

import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from slipway import state
from slipway.cluster import processes
from slipway.core import Permanent

SERVICE_RANGE = "10.96.0.0/16"
SERVICE_ADDRESS = "10.96.0.1"
_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ports:
    """Free loopback ports, chosen once per cluster."""

    etcd: int
    peer: int
    api: int
    manager: int
    scheduler: int


def free_ports() -> Ports:
    """Return five ports that nobody listens on now."""
    probes = [socket.socket() for _name in Ports.__slots__]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    numbers = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return Ports(*numbers)


def write_kubeconfigs(folder: Path, ports: Ports) -> Path:
    """Write a kubeconfig per client; return the administrator's."""
    for name in ("admin", "controller-manager", "scheduler"):
        state.write_private(folder / f"{name}.kubeconfig", yaml.safe_dump(_kubeconfig(folder, ports, name)))
    return folder / "admin.kubeconfig"


def _kubeconfig(folder: Path, ports: Ports, name: str) -> dict[str, object]:
    pki = folder / "pki"
    import base64

    def inline(file: str) -> str:
        return base64.b64encode((pki / file).read_bytes()).decode()

    cluster = {"server": f"https://127.0.0.1:{ports.api}", "certificate-authority-data": inline("ca.crt")}
    user = {"client-certificate-data": inline(f"{name}.crt"), "client-key-data": inline(f"{name}.key")}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "slipway", "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": "slipway", "context": {"cluster": "slipway", "user": name}}],
        "current-context": "slipway",
    }


def start_etcd(folder: Path, programs: Mapping[str, Path], ports: Ports) -> None:
    """Start etcd without waiting for the disk: its data may be lost with the machine."""
    client, peer = f"http://127.0.0.1:{ports.etcd}", f"http://127.0.0.1:{ports.peer}"
    processes.start("etcd", [
        str(programs["etcd"]), "--name", "slipway", "--data-dir", str(folder / "etcd"), "--unsafe-no-fsync",
        "--listen-client-urls", client, "--advertise-client-urls", client,
        "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"slipway={peer}",
        "--log-level", "warn",
    ], folder)  # fmt: skip


def start_apiserver(folder: Path, programs: Mapping[str, Path], ports: Ports) -> None:
    """Start the API server: certificates, Node and RBAC authorization, service account tokens."""
    pki = folder / "pki"
    processes.start("kube-apiserver", [
        str(programs["kube-apiserver"]), f"--etcd-servers=http://127.0.0.1:{ports.etcd}",
        "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={ports.api}",
        f"--tls-cert-file={pki / 'apiserver.crt'}", f"--tls-private-key-file={pki / 'apiserver.key'}",
        f"--client-ca-file={pki / 'ca.crt'}", "--authorization-mode=Node,RBAC", "--allow-privileged=true",
        f"--service-cluster-ip-range={SERVICE_RANGE}", "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={pki / 'sa.key'}", f"--service-account-signing-key-file={pki / 'sa.key'}",
        # The process node serves logs to holders of the administrator's certificate.
        f"--kubelet-client-certificate={pki / 'admin.crt'}", f"--kubelet-client-key={pki / 'admin.key'}",
        "--endpoint-reconciler-type=none", "--profiling=false", "--v=1",
    ], folder)  # fmt: skip


def start_controllers(folder: Path, programs: Mapping[str, Path], ports: Ports) -> None:
    """Start the controller manager and the scheduler, each alone: no leader election."""
    pki = folder / "pki"
    processes.start("kube-controller-manager", [
        str(programs["kube-controller-manager"]), f"--kubeconfig={folder / 'controller-manager.kubeconfig'}",
        "--bind-address=127.0.0.1", f"--secure-port={ports.manager}", "--leader-elect=false",
        f"--service-account-private-key-file={pki / 'sa.key'}", f"--root-ca-file={pki / 'ca.crt'}",
        "--use-service-account-credentials=true", "--concurrent-replicaset-syncs=10", "--kube-api-qps=200",
        "--kube-api-burst=400", "--node-monitor-grace-period=5m",
    ], folder)  # fmt: skip
    processes.start("kube-scheduler", [
        str(programs["kube-scheduler"]), f"--kubeconfig={folder / 'scheduler.kubeconfig'}",
        "--bind-address=127.0.0.1", f"--secure-port={ports.scheduler}", "--leader-elect=false",
        "--kube-api-qps=200", "--kube-api-burst=400",
    ], folder)  # fmt: skip


def wait_ready(folder: Path, ports: Ports) -> None:
    """Wait until /readyz says ok; Permanent with the log's end when the API server died."""
    context = ssl.create_default_context(cafile=str(folder / "pki" / "ca.crt"))
    context.load_cert_chain(folder / "pki" / "admin.crt", folder / "pki" / "admin.key")
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"https://127.0.0.1:{ports.api}/readyz", timeout=2, context=context) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        for daemon in processes.listed(folder):
            if not processes.alive(daemon):
                raise Permanent(f"{daemon.name} ended: {_tail(daemon.log)}", hint=f"its log: {daemon.log}")
        time.sleep(0.05)
    raise Permanent(f"the API server was not ready after {_READY_SECONDS:.0f} s", hint=f"logs: {folder / 'logs'}")


def _tail(path: str) -> str:
    lines = Path(path).read_text(errors="replace").strip().splitlines()
    return " ".join(lines[-2:])[-400:]

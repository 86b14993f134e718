# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a process node cannot honour, and how it says so.

Pure. The rule of the house: refused with a clear message, never ignored. Not enforced, and said in
the node's annotation: resource limits, dropping of single capabilities, seccomp profiles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, deep_get

VOLUMES = frozenset(
    ("name", "emptyDir", "configMap", "secret", "downwardAPI", "projected", "hostPath", "persistentVolumeClaim")
)
PROJECTED = frozenset(("configMap", "secret", "downwardAPI", "serviceAccountToken"))
HANDLERS = frozenset(("exec", "httpGet", "tcpSocket", "sleep"))
PLAIN_CAPABILITIES = frozenset(("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP"))
KNOWN_CAPABILITIES = PLAIN_CAPABILITIES | {"NET_BIND_SERVICE", "SYS_CHROOT", "SETFCAP", "MKNOD", "AUDIT_WRITE"}
NOT_ENFORCED = "resources.limits, securityContext.capabilities.drop, seccompProfile, appArmorProfile, fsGroup"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a pod will not run here."""

    reason: str
    message: str


def refusal(pod: Manifest) -> Refusal | None:
    """Return why the pod cannot run as processes, None when it can. All problems are named at once."""
    found = [*_pod(pod.get("spec") or {})]
    for container in containers(pod):
        found += [f"container {container['name']}: {problem}" for problem in _container(container)]
    if not found:
        return None
    return Refusal("UnsupportedByProcessNode", f"a process node cannot honour: {'; '.join(found)}")


def containers(pod: Manifest) -> list[Manifest]:
    """Return init containers and containers, in order."""
    spec = pod.get("spec") or {}
    return [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]


def _pod(spec: Manifest) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"):
        if spec.get(field):
            yield f"spec.{field}"
    for field in ("runtimeClassName", "dnsConfig", "ephemeralContainers", "resourceClaims"):
        if spec.get(field):
            yield f"spec.{field}"
    if deep_get(spec, "os", "name", default="linux") != "linux":
        yield "spec.os.name other than linux"
    context = spec.get("securityContext") or {}
    for field in ("sysctls", "seLinuxOptions", "windowsOptions", "supplementalGroups"):
        if context.get(field):
            yield f"spec.securityContext.{field}"
    for volume in spec.get("volumes") or []:
        yield from _volume(volume)


def _volume(volume: Manifest) -> Iterator[str]:
    for kind in sorted(set(volume) - VOLUMES):
        yield f"volume {volume.get('name')} of type {kind}"
    for source in deep_get(volume, "projected", "sources", default=[]):
        for kind in sorted(set(source) - PROJECTED):
            yield f"volume {volume.get('name')}: projected source {kind}"


def _container(container: Manifest) -> Iterator[str]:
    context = container.get("securityContext") or {}
    if context.get("privileged"):
        yield "securityContext.privileged"
    if context.get("procMount", "Default") != "Default":
        yield "securityContext.procMount"
    for field in ("seLinuxOptions", "windowsOptions"):
        if context.get(field):
            yield f"securityContext.{field}"
    added = {str(name).removeprefix("CAP_") for name in deep_get(context, "capabilities", "add", default=[])}
    if added - KNOWN_CAPABILITIES:
        yield f"securityContext.capabilities.add {', '.join(sorted(added - KNOWN_CAPABILITIES))}"
    for field in ("volumeDevices", "resizePolicy", "restartPolicyRules"):
        if container.get(field):
            yield field
    yield from _ports_and_probes(container)


def _ports_and_probes(container: Manifest) -> Iterator[str]:
    for port in container.get("ports") or []:
        if port.get("hostPort"):
            yield f"hostPort {port['hostPort']}"
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        if deep_get(container, probe, "grpc") is not None:
            yield f"{probe}.grpc"
    for mount in container.get("volumeMounts") or []:
        if mount.get("mountPropagation", "None") == "Bidirectional":
            yield f"volumeMounts {mount.get('name')} mountPropagation Bidirectional"

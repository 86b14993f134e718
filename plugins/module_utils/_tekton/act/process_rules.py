# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a local process can honour of a container's and a pod's fields, and the words for what it cannot.

Pure. A field that has no meaning on one machine (where to schedule, which image to pull) is not refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..._core.errors import Refused
from ..._sandbox.bwrap import CAPABILITIES
from ..decide import resources
from .containers import StepCommand

_NO_CONTEXT = ("seLinuxOptions", "windowsOptions")
_NO_POD_CONTEXT = (*_NO_CONTEXT, "sysctls")
_NO_POD = ("runtimeClassName", "dnsConfig", "hostPID", "hostIPC", "hostUsers")
_NO_CONTAINER = ("volumeDevices", "lifecycle", "tty", "stdin")
_PROFILES = ("RuntimeDefault", "Unconfined")


def refuse_container(container: Mapping[str, Any], field: str, obj: str) -> None:
    """Raise Refused for the first field of a step or sidecar that a local process cannot honour."""
    for name, why in _container(container):
        raise Refused(f"{field}.{name}: {why}", obj=obj, hint="leave it out, or use another executor")


def refuse_pod(template: Mapping[str, Any], obj: str) -> None:
    """Raise Refused for the first field of a pod template that a local process cannot honour."""
    problems = [(name, "a local process has no pod") for name in _NO_POD if template.get(name)]
    context = template.get("securityContext") or {}
    problems += [
        (f"securityContext.{name}", "a local process cannot do it") for name in _NO_POD_CONTEXT if context.get(name)
    ]
    problems += [(f"securityContext.{name}", why) for name, why in _profiles(context)]
    for name, why in problems:
        raise Refused(f"podTemplate.{name}: {why}", obj=obj, hint="leave it out, or use another executor")


def _container(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    context = container.get("securityContext") or {}
    if context.get("privileged"):
        yield "securityContext.privileged", "a local process is never privileged"
    if context.get("procMount", "Default") != "Default":
        yield "securityContext.procMount", "a local process has one /proc only"
    for name in _NO_CONTEXT:
        if context.get(name):
            yield f"securityContext.{name}", "a local process cannot do it"
    for name, why in _profiles(context):
        yield f"securityContext.{name}", why
    added = sorted(_names((context.get("capabilities") or {}).get("add")) - {*CAPABILITIES, "MKNOD", "AUDIT_WRITE"})
    if added:
        yield "securityContext.capabilities.add", f"a local process does not get {', '.join(added)}"
    if container.get("restartPolicy") == "Always":
        yield "restartPolicy", "a local process is not started again"
    for mount in container.get("volumeMounts") or []:
        if mount.get("mountPropagation", "None") == "Bidirectional":
            yield "volumeMounts.mountPropagation", "a local process does not mount for others"
    for name in resources.unknown(container):
        yield f"computeResources.limits.{name}", "only cpu and memory are limited here"
    for name in _NO_CONTAINER:
        if container.get(name):
            yield name, "a local process cannot do it"
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        if "grpc" in (container.get(probe) or {}):
            yield f"{probe}.grpc", "is not asked here; use tcpSocket"


def _profiles(context: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("seccompProfile", "appArmorProfile"):
        kind = (context.get(name) or {}).get("type", "RuntimeDefault")
        if kind not in _PROFILES:
            yield name, f"the profile {kind} cannot be applied to a local process"


def _names(capabilities: Sequence[str] | None) -> set[str]:
    return {str(name).upper().removeprefix("CAP_") for name in capabilities or ()}


def dropped(security: Mapping[str, Any]) -> frozenset[str]:
    """Return the capabilities that are taken away; those that are added again are kept."""
    capabilities = security.get("capabilities") or {}
    drop, add = _names(capabilities.get("drop")), _names(capabilities.get("add"))
    drop = set(CAPABILITIES) if "ALL" in drop else drop
    return frozenset(drop - add)


def groups(command: StepCommand) -> tuple[int, ...]:
    """Return the groups that a program is in beside its own."""
    pod = command.pod_security
    found = [*(pod.get("supplementalGroups") or []), *([pod["fsGroup"]] if pod.get("fsGroup") is not None else [])]
    return tuple(int(group) for group in found)


def check_user(command: StepCommand, uid: int | None) -> None:
    """Raise Refused when a container that must not run as root would."""
    if command.security.get("runAsNonRoot") and not uid:
        raise Refused(
            f"{command.field}.securityContext.runAsNonRoot: image {command.image!r} runs as root here",
            hint="give runAsUser as well", obj=command.task_run, reason="CreateContainerConfigError",
        )  # fmt: skip

# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What podman can honour of a container's and a pod's fields, the words for what it cannot, and users of images.

Pure. A field that has no meaning on one machine (where to schedule) is not refused.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..._core.errors import Invalid, Refused
from ..decide import resources
from . import podman_argv
from .containers import StepCommand

_NO_CONTAINER = ("volumeDevices", "lifecycle", "tty", "stdin")
_NO_POD = ("runtimeClassName", "hostPID", "hostIPC", "hostUsers")
_POLICIES = ("Always", "IfNotPresent", "Never")
_HINT = "leave it out, or use another executor"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a user allows: `privileged` containers. `rootless` says that ports of a pod cannot be reached from outside."""

    privileged: bool
    rootless: bool

    def refuse_container(self, container: Mapping[str, Any], field: str, obj: str) -> None:
        """Raise Refused for the first field of a step or sidecar that podman cannot honour."""
        for name, why, hint in (*self._security(container), *_container(container), *self._probes(container)):
            raise Refused(f"{field}.{name}: {why}", obj=obj, hint=hint)

    def _security(self, container: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
        context = container.get("securityContext") or {}
        if context.get("privileged") and not self.privileged:
            yield "securityContext.privileged", "privileged containers are not allowed", "set allow_privileged"
        if context.get("windowsOptions"):
            yield "securityContext.windowsOptions", "this is not Windows", _HINT
        if (context.get("seccompProfile") or {}).get("type") == "Localhost":
            yield "securityContext.seccompProfile", "the profiles of a kubelet are not here", _HINT

    def _probes(self, container: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
        for name in ("startupProbe", "readinessProbe", "livenessProbe"):
            probe = container.get(name) or {}
            if "grpc" in probe:
                yield f"{name}.grpc", "is not asked here", "use tcpSocket or exec"
            for kind in ("httpGet", "tcpSocket"):
                if self.rootless and kind in probe:
                    yield f"{name}.{kind}", "the ports of a pod of rootless podman cannot be reached", "use exec"


def _container(container: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    policy = container.get("imagePullPolicy")
    if policy and policy not in _POLICIES:
        yield "imagePullPolicy", f"is {policy!r}", f"one of {', '.join(_POLICIES)}"
    if container.get("restartPolicy") == "Always":
        yield "restartPolicy", "a container is not started again", _HINT
    for mount in container.get("volumeMounts") or []:
        if mount.get("mountPropagation", "None") == "Bidirectional":
            yield "volumeMounts.mountPropagation", "a container does not mount for others", _HINT
    for name in resources.unknown(container):
        yield f"computeResources.limits.{name}", "only cpu and memory are limited here", _HINT
    for name in _NO_CONTAINER:
        if container.get(name):
            yield name, "podman does not do it here", _HINT


def refuse_pod(template: Mapping[str, Any], obj: str) -> None:
    """Raise Refused for the first field of a pod template that podman cannot honour."""
    problems = [
        name for name in _NO_POD if template.get(name) not in (None, False, "", True if name == "hostUsers" else "")
    ]
    context = template.get("securityContext") or {}
    problems += ["securityContext.windowsOptions"] if context.get("windowsOptions") else []
    if (context.get("seccompProfile") or {}).get("type") == "Localhost":
        problems.append("securityContext.seccompProfile")
    for name in problems:
        raise Refused(f"podTemplate.{name}: podman does not do it here", obj=obj, hint=_HINT)


@dataclass(frozen=True, slots=True)
class Uses:
    """One entry of image_map: images like `pattern` are taken from `image` instead."""

    pattern: str
    image: str


def mapping(entries: Sequence[Mapping[str, Any]]) -> list[Uses]:
    """Return an image_map for podman. Its entries are {image, use}; Refused for keys that mean local processes."""
    found = []
    for index, entry in enumerate(entries):
        for key in sorted(set(entry) - {"image", "use"}):
            text = f"image_map[{index}].{key} is for the executor process: podman runs images themselves"
            raise Refused(text, hint="give {image, use}")
        if not entry.get("image") or not entry.get("use"):
            raise Invalid(f"image_map[{index}]", "needs both image and use", hint="{image: alpine*, use: my/alpine}")
        found.append(Uses(str(entry["image"]), str(entry["use"])))
    return found


def image_of(name: str, uses: Sequence[Uses]) -> str:
    """Return the whole name of the image that is run for `name`; the first entry that matches wins."""
    there = next((one.image for one in uses if fnmatch.fnmatchcase(name, one.pattern)), name)
    return podman_argv.image_name(there)


def user(step: StepCommand, of_image: str) -> str:
    """Return the user as podman takes it, "" for the image's. `of_image` is what its configuration says.

    Raises Refused when a container that must not run as root would. Source: Kubernetes 1.36
    pkg/kubelet/kuberuntime/security_context.go (verifyRunAsNonRoot).
    """
    uid, gid = step.security.get("runAsUser"), step.security.get("runAsGroup")
    name = of_image.partition(":")[0]
    if step.security.get("runAsNonRoot") and (uid == 0 or (uid is None and (not name.isdigit() or not int(name)))):
        where = f"{step.field}.securityContext.runAsNonRoot"
        said = "the image has no number of a user that is not root" if uid is None else "runAsUser is root"
        raise Refused(f"{where}: {said}: {step.image!r}", hint="give runAsUser", obj=step.task_run)
    if gid is not None:
        return f"{name or '0' if uid is None else int(uid)}:{int(gid)}"
    return "" if uid is None else str(int(uid))


def with_command(step: StepCommand, config: Mapping[str, Any]) -> StepCommand:
    """Return a step that has a command: where it gives none its image's ENTRYPOINT, else its CMD, before the arguments.

    A sidecar stays as it is, as in Kubernetes. Source: tektoncd/pipeline pkg/pod/entrypoint_lookup_impl.go, v1.15.
    """
    if step.command or step.field.startswith("spec.sidecars"):
        return step
    found = config.get("Entrypoint") or config.get("Cmd") or []
    if not found:
        text = f"is missing, and the image {step.image!r} has neither ENTRYPOINT nor CMD"
        raise Invalid(f"{step.field}.command", text, obj=step.task_run, hint="give a command or a script")
    return replace(step, command=tuple(str(word) for word in found))


@dataclass(frozen=True, slots=True)
class Account:
    """A user as /etc/passwd of an image has it."""

    uid: int
    gid: int
    home: str


def account(as_user: str, passwd: str) -> Account | None:
    """Return the user `as_user` (name or number, with a group or without), None when it is not known there."""
    name = as_user.partition(":")[0] or "0"
    for line in passwd.splitlines():
        fields = line.split(":")
        if len(fields) > 5 and name in (fields[0], fields[2]) and fields[2].isdigit() and fields[3].isdigit():
            return Account(int(fields[2]), int(fields[3]), fields[5] or "/")
    return None

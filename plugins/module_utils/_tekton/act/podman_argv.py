# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The command lines of podman for the pod of a TaskRun and for its containers.

Pure: nothing is started and no file is read or written here. Source: podman-run(1), podman-pod-create(1), podman 4.3.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.errors import Invalid, Refused
from ..._sandbox.process import Mount
from ..decide import child_status
from . import process_rules
from .containers import StepCommand

RUN_LABEL, TASK_RUN_LABEL = "slipway.dev/run", "slipway.dev/task-run"
_GLOBAL = frozenset(
    (
        *("--cgroup-manager", "--conmon", "--events-backend", "--hooks-dir", "--imagestore", "--log-level", "--module"),
        *("--network-cmd-path", "--network-config-dir", "--root", "--runroot", "--runtime", "--runtime-flag"),
        *("--storage-driver", "--storage-opt", "--tmpdir", "--volumepath"),
    )
)
# What podman, its helpers and their loader read of their own environment.
_OF_PODMAN = re.compile(
    r"PATH|HOME|USER|TMPDIR|LD_.*|GO.*|XDG_.*|_?CONTAINERS?_.*|_PODMAN.*|PODMAN_.*|STORAGE_.*|REGISTRY_.*|DBUS_.*|"
    r"BUILDAH_.*|DOCKER_.*|NOTIFY_SOCKET|LISTEN_.*|SSL_CERT_.*|(https?|no|all)_proxy",
    re.IGNORECASE,
)
_LONGEST_LINE = 32768  # podman reads environment files by lines of less than 64 KiB


@dataclass(frozen=True, slots=True)
class Extra:
    """The user's own arguments: `common` for every podman command, `run` for those that start containers."""

    common: tuple[str, ...] = ()
    run: tuple[str, ...] = ()

    @property
    def ulimits(self) -> tuple[str, ...]:
        """The resource limits among them, which the pod's own container needs as well, as name=soft:hard."""
        pairs = zip(self.run, (*self.run[1:], ""), strict=True)
        joined = [word.partition("=")[2] for word in self.run if word.startswith("--ulimit=")]
        return (*joined, *(after for word, after in pairs if word == "--ulimit"))


@dataclass(frozen=True, slots=True)
class Environment:
    """The variables of a container: `lines` for an environment file, `through` for podman's own environment."""

    lines: tuple[str, ...]
    through: Mapping[str, str]


def extra(words: Sequence[str]) -> Extra:
    """Split the user's arguments by where podman takes them. Invalid for a word that is no option."""
    common: list[str] = []
    run: list[str] = []
    target = run
    for index, word in enumerate(words):
        if word.startswith("-"):
            target = common if word.partition("=")[0] in _GLOBAL else run
        elif not index or not words[index - 1].startswith("-") or "=" in words[index - 1]:
            raise Invalid(
                "SLIPWAY_PODMAN_ARGS", f"holds {word!r}, which is no option", hint="give options of podman run"
            )
        target.append(word)
    return Extra(tuple(common), tuple(run))


def image_name(name: str) -> str:
    """Return an image's whole name as Kubernetes understands it: without a registry it is one of docker.io.

    Source: distribution/reference normalize.go (splitDockerDomain), v0.6.
    """
    first, slash, _rest = name.partition("/")
    if not slash:
        return f"docker.io/library/{name}"
    if "." in first or ":" in first or first == "localhost" or first != first.lower():
        return name
    return f"docker.io/{name}"


def pull(image: str, insecure: Sequence[str]) -> list[str]:
    """Return the words that pull an image; only the registries in `insecure` may do without TLS."""
    plain = image.partition("/")[0] in insecure
    return ["pull", "--quiet", *(["--tls-verify=false"] if plain else []), image]


def pod(name: str, task_run: str, labels: Mapping[str, str], template: Mapping[str, Any]) -> list[str]:
    """Return the words that create a pod with what a run's pod template asks for. Its host name is that of Tekton's pod."""
    words = ["pod", "create", "--name", name, "--hostname", child_status.child_name(task_run, "-pod"), *_labels(labels)]
    if template.get("hostNetwork"):
        return [*words, "--network", "host"]
    dns = template.get("dnsConfig") or {}
    words += [f"--dns={server}" for server in dns.get("nameservers") or []]
    words += [f"--dns-search={search}" for search in dns.get("searches") or []]
    options = [f"{one['name']}:{one['value']}" if one.get("value") else one["name"] for one in dns.get("options") or []]
    words += [f"--dns-option={option}" for option in options]
    sysctls = (template.get("securityContext") or {}).get("sysctls") or []
    return [*words, *(f"--sysctl={one['name']}={one['value']}" for one in sysctls)]


def environment(step: StepCommand) -> Environment:
    """Return how a step's variables reach it without being seen in a list of processes.

    A file cannot carry all values. Refused for one that it cannot and that would change podman itself.
    """
    lines: list[str] = []
    through: dict[str, str] = {}
    for name, value in step.env.items():
        if len(value) < _LONGEST_LINE and not re.search(r"[\r\n]", value) and value[:1] not in ("'", '"', "`"):
            lines.append(f"{name}={value}")
        elif _OF_PODMAN.fullmatch(name):
            text = f"{step.field}.env: the value of {name} has quotes, several lines or is too long for podman"
            raise Refused(text, hint="give it another name", obj=step.task_run)
        else:
            through[name] = value
    return Environment(tuple(lines), through)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a container runs. `user` is "" for the image's own, `relabel` true where SELinux asks for labels on files."""

    pod: str
    name: str
    image: str
    labels: Mapping[str, str]
    env_file: str
    user: str = ""
    relabel: bool = False


def run(step: StepCommand, place: Place, through: Sequence[str], more: Sequence[str] = ()) -> list[str]:
    """Return the words that run a step or a sidecar in its pod; `through` names variables of podman's environment."""
    words = ["run", "--pod", place.pod, "--name", place.name, "--log-driver", "none", "--pull", "never"]
    words += [*_labels(place.labels), "--env-file", place.env_file, *(f"--env={name}" for name in through)]
    words += _mounts(step, place.relabel)
    words += ["--workdir", step.cwd] if step.cwd else []
    words += ["--user", place.user] if place.user else []
    words += [f"--group-add={group}" for group in process_rules.groups(step)]
    words += [*_limits(step), *_security(step.security), *more]
    if step.command:
        words += ["--entrypoint", json.dumps(list(step.command))]
    return [*words, place.image, *step.args]


def _labels(labels: Mapping[str, str]) -> list[str]:
    return [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]


def _mounts(step: StepCommand, relabel: bool) -> Iterator[str]:
    last: dict[str, Mount] = {mount.target: mount for mount in step.mounts}  # podman takes one for each place
    for mount in last.values():
        if ":" in mount.source or ":" in mount.target:
            text = f"{step.field}.volumeMounts: podman takes no path with a colon: {mount.source} at {mount.target}"
            raise Refused(text, hint="use another directory", obj=step.task_run)
        options = [*(["ro"] if mount.read_only else []), *(["z"] if relabel else [])]
        yield "--volume"
        yield ":".join([mount.source, mount.target, *([",".join(options)] if options else [])])


def _limits(step: StepCommand) -> list[str]:
    words = []
    if step.limits.memory is not None:
        # Without its own limit for swap podman would allow as much again.
        words += [f"--memory={step.limits.memory}", f"--memory-swap={step.limits.memory}"]
    if step.limits.cpu is not None:
        words.append(f"--cpus={step.limits.cpu:g}")
    return words


def _security(context: Mapping[str, Any]) -> list[str]:
    capabilities = context.get("capabilities") or {}
    words = [f"--cap-drop={name}" for name in capabilities.get("drop") or []]
    words += [f"--cap-add={name}" for name in capabilities.get("add") or []]
    words += ["--privileged"] if context.get("privileged") else []
    words += ["--read-only", "--read-only-tmpfs=false"] if context.get("readOnlyRootFilesystem") else []
    return [*words, *(f"--security-opt={option}" for option in _options(context))]


def _options(context: Mapping[str, Any]) -> Iterator[str]:
    if context.get("allowPrivilegeEscalation") is False:
        yield "no-new-privileges"
    if (context.get("seccompProfile") or {}).get("type") == "Unconfined":
        yield "seccomp=unconfined"
    profile = context.get("appArmorProfile") or {}
    if profile.get("type") == "Unconfined":
        yield "apparmor=unconfined"
    if profile.get("type") == "Localhost":
        yield f"apparmor={profile.get('localhostProfile', '')}"
    if context.get("procMount") == "Unmasked":
        yield "unmask=ALL"
    for name, value in (context.get("seLinuxOptions") or {}).items():
        yield f"label={name}:{value}"

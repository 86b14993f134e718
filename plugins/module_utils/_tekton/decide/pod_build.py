# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The pod of a TaskRun in a cluster without Tekton: steps as init containers, one after the other, the last as container.

Kubernetes itself keeps the order and stops at the first failure; each step has its own log, exit code and message.
Sidecars are init containers that run on (restartPolicy Always, Kubernetes >= 1.29) and are ready before the first step.
Source of what a pod holds: tektoncd/pipeline pkg/pod/pod.go, v1.15; of its order: Kubernetes 1.36 pod lifecycle.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core.errors import Invalid, Refused
from . import child_status, entrypoint, merge, names, pod_program, when, workspaces
from .pod_program import Around

MANAGED_BY = "app.kubernetes.io/managed-by"
OWNER = "slipway"
RUN = "slipway.dev/run"
DEADLINE = "slipway.dev/deadline"
CLAIM = "slipway.dev/claim"
_MESSAGES = 12 * 1024  # bytes of all termination messages of a pod. Source: kubelet, normalizeStatus
_MESSAGE = 4096
_GIVEN, _CREDENTIALS = "tekton-internal-creds", "/tekton/creds-secrets"
_TOOLS, _RESULTS, _WORKSPACE = "tekton-internal-tools", "tekton-internal-results", "tekton-internal-workspace"
_PATIENT = 10_000  # failures of a probe that only says whether a sidecar is ready yet: upstream ends no sidecar for it
_LABEL = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_CONTAINER = ("image", "imagePullPolicy", "envFrom", "securityContext", "volumeDevices", "workingDir")
_SIDECAR = (
    *_CONTAINER,
    "command",
    "args",
    "env",
    "ports",
    "lifecycle",
    "livenessProbe",
    "readinessProbe",
    "volumeMounts",
)
_TEMPLATE = (
    "nodeSelector", "tolerations", "affinity", "securityContext", "runtimeClassName", "dnsPolicy", "dnsConfig",
    "enableServiceLinks", "priorityClassName", "schedulerName", "imagePullSecrets", "hostAliases", "hostNetwork",
    "hostUsers", "topologySpreadConstraints", "automountServiceAccountToken",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a pod is made from: the TaskRun's name and substituted spec, its bindings as upstream writes them.

    `timeout` in seconds (0: none), `deadline` the same as a time for people, `run` the identity of the run,
    `credentials` the files of the ServiceAccount's Secrets, text by path.
    """

    name: str
    namespace: str
    spec: Mapping[str, Any]
    bindings: Sequence[Mapping[str, Any]]
    run: str
    timeout: float = 0.0
    deadline: str = ""
    service_account: str = ""
    template: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)


def pod_name(task_run: str) -> str:
    """Return the name of a TaskRun's pod, which is always the same."""
    return child_status.child_name(task_run, "-pod")


def step_name(step: Mapping[str, Any], index: int) -> str:
    """Return the name of a step. Source: pkg/pod/pod.go, StepName."""
    return str(step.get("name") or f"unnamed-{index}")


def pod(wanted: Wanted, cel: Callable[[str], object] = when.no_cel) -> dict[str, Any]:
    """Return the Pod. Refused by field name for what cannot be done in one."""
    spec = _with_workspaces(wanted)
    steps = _steps(wanted, spec, cel)
    sidecars = [_sidecar(entry, index) for index, entry in enumerate(spec.get("sidecars") or [])]
    body: dict[str, Any] = {
        "restartPolicy": "Never",
        "initContainers": [*sidecars, *steps[:-1]],
        "containers": steps[-1:],
        "volumes": [
            {"name": _TOOLS, "emptyDir": {}},
            {"name": _RESULTS, "emptyDir": {}},
            {"name": _WORKSPACE, "emptyDir": {}},
            *_credential_volumes(wanted, len(steps)),
            *(spec.get("volumes") or []),
        ],
    }
    body |= {key: wanted.template[key] for key in _TEMPLATE if wanted.template.get(key) is not None}
    body |= _together(wanted)
    body |= {"serviceAccountName": wanted.service_account} if wanted.service_account else {}
    # Upstream's own margin: the engine ends a run in time, the kubelet one whose engine has died.
    body |= {"activeDeadlineSeconds": math.ceil(wanted.timeout * 1.5)} if wanted.timeout > 0 else {}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": _metadata(wanted), "spec": body}


def _claim(wanted: Wanted) -> str:
    """Return the value of the label of the first claim, "" for a pod without one."""
    claims = (str((one.get("persistentVolumeClaim") or {}).get("claimName") or "") for one in wanted.bindings)
    return next((names.hashed("claim", name, 8) for name in claims if name), "")


def _together(wanted: Wanted) -> dict[str, Any]:
    """Pods of one claim had better be on one node: most volumes can be attached to one only.

    Upstream's affinity assistant insists on it; here it is a wish, which a full node cannot turn into a deadlock.
    """
    claim = _claim(wanted)
    if not claim or wanted.template.get("affinity"):
        return {}
    term = {"labelSelector": {"matchLabels": {CLAIM: claim}}, "topologyKey": "kubernetes.io/hostname"}
    wish = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
    return {"affinity": {"podAffinity": wish}}


def _metadata(wanted: Wanted) -> dict[str, Any]:
    own = {
        MANAGED_BY: OWNER,
        RUN: wanted.run,
        CLAIM: _claim(wanted),
        "tekton.dev/taskRun": wanted.name,
        **wanted.labels,
    }
    labels = {key: value for key, value in own.items() if _LABEL.fullmatch(value)}
    annotations = {DEADLINE: wanted.deadline} if wanted.deadline else {}
    named = {"name": pod_name(wanted.name), "namespace": wanted.namespace, "labels": labels}
    return {**named, "annotations": {"tekton.dev/taskRun": wanted.name, **annotations}}


def _with_workspaces(wanted: Wanted) -> dict[str, Any]:
    return workspaces.apply(wanted.spec, wanted.bindings, workspaces.volumes(wanted.bindings))


def _steps(wanted: Wanted, spec: Mapping[str, Any], cel: Callable[[str], object]) -> list[dict[str, Any]]:
    merged = merge.steps(spec.get("stepTemplate"), spec["steps"])
    results = tuple(str(one["name"]) for one in spec.get("results") or [] if one.get("value") is None)
    count = len(merged) + len(spec.get("sidecars") or [])
    longest = min(_MESSAGE, _MESSAGES // count)
    template_env = wanted.template.get("env") or []
    out = []
    for index, step in enumerate(merged):
        given = [{"name": key, "value": value} for key, value in wanted.env.items()]
        step = {**step, "env": _by_name([*given, *template_env, *(step.get("env") or [])])}
        sources = {path: f"{_CREDENTIALS}/{path}" for path in wanted.credentials}
        around = Around(results, longest, f"spec.steps[{index}]", _skipped(step, cel), sources)
        out.append(_step(step, index, around, last=index == len(merged) - 1))
    return out


def credential_keys(files: Mapping[str, str]) -> dict[str, str]:
    """Return the key in the pod's Secret of each file of the credentials, by path."""
    return {path: f"file-{number}" for number, path in enumerate(sorted(files))}


def credentials_name(task_run: str) -> str:
    """Return the name of the Secret that holds a TaskRun's credentials while it runs."""
    return child_status.child_name(task_run, "-creds")


def _with_credentials(step: Mapping[str, Any], index: int) -> dict[str, Any]:
    """Each step has a place of its own for them, in memory. Source: pkg/pod/creds_init.go."""
    own = {"name": f"tekton-creds-init-home-{index}", "mountPath": "/tekton/creds"}
    given = {"name": _GIVEN, "mountPath": _CREDENTIALS, "readOnly": True}
    return {**step, "volumeMounts": [own, given, *(step.get("volumeMounts") or [])]}


def _with_plain_credentials(step: Mapping[str, Any]) -> dict[str, Any]:
    """A step without the program sees them in /tekton/creds; its home is not known, so registries' are named to it."""
    given = {"name": _GIVEN, "mountPath": "/tekton/creds", "readOnly": True}
    named = {"name": "DOCKER_CONFIG", "value": "/tekton/creds/.docker"}
    env = _by_name([named, *(step.get("env") or [])])
    return {**step, "env": env, "volumeMounts": [given, *(step.get("volumeMounts") or [])]}


def _credential_volumes(wanted: Wanted, count: int) -> list[dict[str, Any]]:
    if not wanted.credentials:
        return []
    items = [{"key": key, "path": path} for path, key in credential_keys(wanted.credentials).items()]
    own = [{"name": f"tekton-creds-init-home-{n}", "emptyDir": {"medium": "Memory"}} for n in range(count)]
    return [{"name": _GIVEN, "secret": {"secretName": credentials_name(wanted.name), "items": items}}, *own]


def _by_name(env: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list({one["name"]: one for one in env}.values())


def _skipped(step: Mapping[str, Any], cel: Callable[[str], object]) -> bool:
    """CEL is evaluated before the pod starts: it knows no results of steps. The rest is the program's."""
    fixed = [one for one in step.get("when") or [] if one.get("cel") and "$(steps." not in str(one["cel"])]
    return not entrypoint.allowed(fixed, cel) if fixed else False


def _step(step: Mapping[str, Any], index: int, around: Around, *, last: bool) -> dict[str, Any]:
    name = step_name(step, index)
    has_words = bool(step.get("script") or step.get("command"))
    reason = pod_program.needs(step, around.results, last=last)
    if reason and not has_words:
        raise pod_program.refused(step, reason, around.where)
    if not reason and not (around.credentials and has_words):
        step = _with_plain_credentials(step) if around.credentials else step
        words = {key: step[key] for key in ("command", "args") if step.get(key)}
        return {**_container(step, f"step-{name}"), **words, "terminationMessagePath": pod_program.MESSAGE}
    _check_steps(step, around.where)
    plain = {**step, "when": [one for one in step.get("when") or [] if not one.get("cel")]}
    step = _with_credentials(step, index) if around.credentials else step
    return {
        **_container(step, f"step-{name}"),
        "command": ["/bin/sh", "-c", _literal(pod_program.around(plain, index, name, around)), "step"],
        "args": pod_program.words(plain, index),
        "terminationMessagePath": pod_program.MESSAGE,
    }


def _check_steps(step: Mapping[str, Any], where: str) -> None:
    if any("$(steps." in str(one.get("cel") or "") for one in step.get("when") or []):
        raise Refused(f"{where}.when: CEL over results of steps is not evaluated in a pod", hint="use input and values")
    if step.get("onError") not in (None, "", "continue", "stopAndFail"):
        raise Invalid(f"{where}.onError", "must be either continue or stopAndFail")


def _literal(program: str) -> str:
    """Kubernetes replaces $(NAME) in commands; a double dollar is one that stays."""
    return program.replace("$", "$$")


def _container(entry: Mapping[str, Any], name: str, fields: Sequence[str] = _CONTAINER) -> dict[str, Any]:
    out: dict[str, Any] = {"name": name, **{key: entry[key] for key in fields if entry.get(key)}}
    env = [
        one if "valueFrom" in one else {**one, "value": str(one.get("value") or "")} for one in entry.get("env") or []
    ]
    out |= {"env": env} if env else {}
    cwd = str(entry.get("workingDir") or "")
    if cwd and not cwd.startswith("/"):
        out["workingDir"] = f"/workspace/{cwd}"
    if entry.get("computeResources"):
        out["resources"] = entry["computeResources"]
    paths = {_TOOLS: "/tekton", _RESULTS: "/tekton/results", _WORKSPACE: "/workspace"}
    own = [{"name": volume, "mountPath": path} for volume, path in paths.items()]
    return {**out, "volumeMounts": _by_path([*own, *(entry.get("volumeMounts") or [])])}


def _by_path(mounts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The API accepts one mount at a path: the last is the step's own. Parents come before what lies below them."""
    last = {str(mount["mountPath"]).rstrip("/"): mount for mount in mounts}
    return [last[path] for path in sorted(last, key=lambda path: path.count("/"))]


def _sidecar(entry: Mapping[str, Any], index: int) -> dict[str, Any]:
    name = str(entry.get("name") or f"unnamed-{index}")
    out = {**_container(entry, f"sidecar-{name}", _SIDECAR), "restartPolicy": "Always"}
    ready = entry.get("readinessProbe")
    probe = entry.get("startupProbe") or (ready and {**ready, "successThreshold": 1, "failureThreshold": _PATIENT})
    out |= {"startupProbe": probe} if probe else {}
    if entry.get("script"):
        out["command"] = ["/bin/sh", "-c", _literal(pod_program.sidecar(str(entry["script"]), name)), shlex.quote(name)]
        out["args"] = [str(word) for word in entry.get("args") or []]
    return out

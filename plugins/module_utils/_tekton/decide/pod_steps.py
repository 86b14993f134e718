# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How a TaskRun's steps become containers of a pod, and what is patched in it while it runs.

Source: tektoncd/pipeline pkg/pod/entrypoint.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core import duration, gojson
from ..._core.errors import Invalid
from .pods import RESULTS_SIDECAR, Pod, is_step

ENTRYPOINT = "/tekton/bin/entrypoint"
TERMINATION = "/tekton/termination"
_RUN = "/tekton/run"
_DOWNWARD = "/tekton/downward"
_DOWNWARD_MOUNT = {"name": "tekton-internal-downward", "readOnly": True, "mountPath": _DOWNWARD}
READY, _READY_VALUE = "tekton.dev/ready", "READY"
CANCEL, _CANCEL_VALUE = "tekton.dev/cancel", "CANCEL"
_ON_ERROR = ("continue", "stopAndFail")


def order(
    steps: Sequence[Mapping[str, Any]], spec: Mapping[str, Any], *, wait_for_ready: bool = True
) -> list[dict[str, Any]]:
    """Return the containers of `steps` so that they run one after the other; `spec` is the Task's.

    Invalid when a step's onError is none of continue and stopAndFail.
    """
    own = spec.get("steps") or []
    return [
        _container(step, index, own[index] if index < len(own) else {}, spec, wait_for_ready)
        for index, step in enumerate(steps)
    ]


def _container(
    step: Mapping[str, Any], index: int, own: Mapping[str, Any], spec: Mapping[str, Any], wait_for_ready: bool
) -> dict[str, Any]:
    command = [str(part) for part in step.get("command") or []]
    args = [*_waits_for(index, wait_for_ready), *_leaves(index), *_of_step(own), *result_args(spec.get("results"))]
    args += ["-entrypoint", command[0]] if command else []
    args += ["--", *command[1:], *(step.get("args") or [])]
    out = {**step, "command": [ENTRYPOINT], "args": args, "terminationMessagePath": TERMINATION}
    if index == 0 and wait_for_ready:
        out["volumeMounts"] = [*(step.get("volumeMounts") or []), _DOWNWARD_MOUNT]
    return out


def _waits_for(index: int, wait_for_ready: bool) -> list[str]:
    if index:
        return ["-wait_file", f"{_RUN}/{index - 1}/out"]
    return ["-wait_file", f"{_DOWNWARD}/ready", "-wait_file_content"] if wait_for_ready else []


def _leaves(index: int) -> list[str]:
    return [
        "-post_file", f"{_RUN}/{index}/out", "-termination_path", TERMINATION,
        "-step_metadata_dir", f"{_RUN}/{index}/status",
    ]  # fmt: skip


def _of_step(own: Mapping[str, Any]) -> list[str]:
    args: list[str] = []
    on_error = own.get("onError")
    if on_error and on_error not in _ON_ERROR:
        raise Invalid(
            "onError",
            'task step onError must be either "continue" or "stopAndFail" but it is set to an invalid value '
            f'"{on_error}"',
        )
    args += ["-on_error", on_error] if on_error else []
    if own.get("timeout"):
        args += ["-timeout", duration.format_go(duration.parse_go(str(own["timeout"])))]
    for name in ("stdout", "stderr"):
        path = (own.get(f"{name}Config") or {}).get("path")
        args += [f"-{name}_path", path] if path else []
    args += step_result_args(own.get("results"))
    if own.get("when"):
        fields = ("input", "operator", "values", "cel")
        expressions = [{name: one[name] for name in fields if one.get(name)} for one in own["when"]]
        args += ["--when_expressions", gojson.dumps(expressions, sort=False)]
    return args


def result_args(results: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """Return the arguments that name a Task's results; those made of step results are not of a file."""
    names = [str(one["name"]) for one in results or [] if one.get("value") is None]
    return ["-results", ",".join(names)] if names else []


def step_result_args(results: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """Return the arguments that name a step's results."""
    return ["-step_results", ",".join(str(one["name"]) for one in results)] if results else []


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation to set."""

    key: str
    value: str

    def patch(self, pod: Pod) -> list[dict[str, Any]]:
        """Return the JSON patch that sets it, an empty one when it is set."""
        found = (pod.get("metadata") or {}).get("annotations") or {}
        if found.get(self.key) == self.value:
            return []
        if not found:
            return [{"op": "add", "path": "/metadata/annotations", "value": {self.key: self.value}}]
        path = f"/metadata/annotations/{self.key.replace('~', '~0').replace('/', '~1')}"
        return [{"op": "replace" if self.key in found else "add", "path": path, "value": self.value}]


def ready_patch(pod: Pod) -> list[dict[str, Any]]:
    """Return the patch that lets the first step start: its entrypoint waits for this annotation."""
    return Annotation(READY, _READY_VALUE).patch(pod)


def cancel_patch(pod: Pod) -> list[dict[str, Any]]:
    """Return the patch that makes the entrypoints stop their steps, the pod being kept."""
    return Annotation(CANCEL, _CANCEL_VALUE).patch(pod)


def with_stopped_sidecars(pod: Pod, nop_image: str, *, results_from_sidecar: bool = False) -> list[dict[str, Any]]:
    """Return the containers of a pod whose steps are done: a running one that is no step gets the image that ends.

    The sidecar that hands over results by its log ends by itself.
    """
    stopped = {
        one["name"]
        for one in ((pod.get("status") or {}).get("containerStatuses") or [])
        if one.get("name") and not is_step(one["name"]) and (one.get("state") or {}).get("running") is not None
        if not (results_from_sidecar and one["name"] == RESULTS_SIDECAR)
    }  # fmt: skip
    stopped = stopped if (pod.get("status") or {}).get("phase") == "Running" else set()
    containers = (pod.get("spec") or {}).get("containers") or []
    return [{**one, "image": nop_image} if one["name"] in stopped else dict(one) for one in containers]

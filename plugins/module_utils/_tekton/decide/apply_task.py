# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Substitution in a Task: which of its fields take references, and what the stages of a TaskRun put there.

Pure; knows the spec of a Task, must not know how a step runs. Each function returns a new spec.
Source: tektoncd/pipeline pkg/reconciler/taskrun/resources/apply.go, pkg/container/*_replacements.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import substitution, when
from .places import change, places
from .substitution import Replacements, spellings

_CONTAINER = (
    "name", "image", "imagePullPolicy", "workingDir",
    "env[].value", "env[].valueFrom.secretKeyRef.name", "env[].valueFrom.secretKeyRef.key",
    "env[].valueFrom.configMapKeyRef.name", "env[].valueFrom.configMapKeyRef.key",
    "envFrom[].prefix", "envFrom[].configMapRef.name", "envFrom[].secretRef.name",
    "volumeMounts[].name", "volumeMounts[].mountPath", "volumeMounts[].subPath",
)  # fmt: skip
CONTAINER = places(*_CONTAINER)
STEP = places(*_CONTAINER, "script", "onError", "stdoutConfig.path", "stderrConfig.path")
VOLUME = places(
    "name",
    "configMap.name", "configMap.items[].key", "configMap.items[].path",
    "secret.secretName", "secret.items[].key", "secret.items[].path",
    "persistentVolumeClaim.claimName",
    "projected.sources[].configMap.name", "projected.sources[].secret.name",
    "projected.sources[].serviceAccountToken.audience",
    "csi.nodePublishSecretRef.name", "csi.volumeAttributes.*",
)  # fmt: skip
_DECLARATION = places("mountPath")
_STEPS_DIR = "/tekton/steps"


def step(entry: Mapping[str, Any], given: Replacements) -> dict[str, Any]:
    """Return a step, sidecar or step template with the fields replaced that Tekton replaces, and no others."""
    out = change(entry, STEP, lambda value: substitution.text(value, given.strings))
    for name in ("command", "args"):
        if entry.get(name):
            out[name] = substitution.expand_all(entry[name], given)
    if entry.get("when"):
        out["when"] = when.replaced(entry["when"], given)
    return out


def apply(spec: Mapping[str, Any], given: Replacements) -> dict[str, Any]:
    """Return a Task's spec with one stage of replacements applied. Source: ApplyReplacements."""
    out = dict(spec)
    if spec.get("steps"):
        out["steps"] = [_with_params(step(entry, given), given) for entry in spec["steps"]]
    if spec.get("sidecars"):
        out["sidecars"] = [step(entry, given) for entry in spec["sidecars"]]
    if spec.get("stepTemplate"):
        out["stepTemplate"] = step(spec["stepTemplate"], given)
    for name, where in (("volumes", VOLUME), ("workspaces", _DECLARATION)):
        if spec.get(name):
            out[name] = [change(e, where, lambda value: substitution.text(value, given.strings)) for e in spec[name]]
    return out


def _with_params(entry: dict[str, Any], given: Replacements) -> dict[str, Any]:
    if entry.get("params"):
        entry["params"] = params(entry["params"], given)
    return entry


def params(entries: Sequence[Mapping[str, Any]], given: Replacements) -> list[dict[str, Any]]:
    """Return params with their values replaced. Source: Params.ReplaceVariables."""
    return [{**e, "value": substitution.whole(e["value"], given)} if "value" in e else dict(e) for e in entries]


def step_name(entry: Mapping[str, Any], position: int) -> str:
    """Return the name of a step's container: step-<name>, or step-unnamed-<position>."""
    return f"step-{entry.get('name') or f'unnamed-{position}'}"


def contexts(spec: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Return the spec with $(context.*) replaced; `values` as of `context_values`."""
    return apply(spec, Replacements(values))


def context_values(task: str, run: Mapping[str, Any]) -> dict[str, str]:
    """Return $(context.task.*) and $(context.taskRun.*) of a TaskRun object; what it does not have is empty."""
    meta = run.get("metadata") or {}
    retries = (run.get("status") or {}).get("retriesStatus") or []
    return {
        "context.taskRun.name": str(meta.get("name") or ""),
        "context.taskRun.namespace": str(meta.get("namespace") or ""),
        "context.taskRun.uid": str(meta.get("uid") or ""),
        "context.task.name": task,
        "context.task.retry-count": str(len(retries)),
    }


def result_paths(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spec with the paths of results: those of the Task everywhere, those of a step in that step."""
    out = _each_step(spec, _step_paths)
    found = {
        f"{key}.path": f"/tekton/results/{result['name']}"
        for result in spec.get("results") or []
        for key in spellings("results", result["name"])
    }
    return apply(out, Replacements(found))


def artifact_paths(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spec with the paths of the provenance files."""
    out = _each_step(
        spec, lambda _entry, name: {"step.artifacts.path": f"{_STEPS_DIR}/{name}/artifacts/provenance.json"}
    )
    return apply(out, Replacements({"artifacts.path": "/tekton/artifacts/provenance.json"}))


def exit_code_paths(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spec with $(steps.step-<name>.exitCode.path) replaced."""
    found = [step_name(entry, position) for position, entry in enumerate(spec.get("steps") or [])]
    return apply(spec, Replacements({f"steps.{n}.exitCode.path": f"{_STEPS_DIR}/{n}/exitCode" for n in found}))


def credentials_path(spec: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the spec with $(credentials.path) replaced."""
    return apply(spec, Replacements({"credentials.path": path}))


def _step_paths(entry: Mapping[str, Any], name: str) -> dict[str, str]:
    return {
        f"{key}.path": f"{_STEPS_DIR}/{name}/results/{result['name']}"
        for result in entry.get("results") or []
        for key in spellings("step.results", result["name"])
    }


def _each_step(spec: Mapping[str, Any], values: Any) -> dict[str, Any]:
    if not spec.get("steps"):
        return dict(spec)
    done = [
        step(entry, Replacements(values(entry, step_name(entry, position))))
        for position, entry in enumerate(spec["steps"])
    ]
    return {**spec, "steps": done}


def workspaces(
    spec: Mapping[str, Any],
    declared: Sequence[Mapping[str, Any]],
    claims: Mapping[str, str],
    volumes: Mapping[str, str],
) -> dict[str, Any]:
    """Return the spec with $(workspaces.W.path|bound|claim|volume) replaced.

    `claims` has an entry for every bound workspace: the name of its claim, "" for other sources; `volumes` the name of
    its volume. A step that mounts a workspace elsewhere sees that path. Source: ApplyWorkspaces.
    """
    found: dict[str, str] = {}
    for entry in declared:
        name = str(entry["name"])
        bound = name in claims or not entry.get("optional")
        found[f"workspaces.{name}.bound"] = "true" if bound else "false"
        if bound:
            spec = _mount_path(spec, f"workspaces.{name}.path", entry)
        else:
            found[f"workspaces.{name}.path"] = ""
    found |= {f"workspaces.{name}.volume": volume for name, volume in volumes.items()}
    found |= {f"workspaces.{name}.claim": claim for name, claim in claims.items()}
    return apply(spec, Replacements(found))


def mount_path(declared: Mapping[str, Any]) -> str:
    """Return where a declared workspace is mounted."""
    return str(declared.get("mountPath") or f"/workspace/{declared['name']}")


def _mount_path(spec: Mapping[str, Any], variable: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(spec)
    for group in ("steps", "sidecars"):
        if spec.get(group):
            out[group] = [_own_path(entry, variable, str(declared["name"])) for entry in spec[group]]
    return apply(out, Replacements({variable: mount_path(declared)}))


def _own_path(entry: Mapping[str, Any], variable: str, name: str) -> Mapping[str, Any]:
    for usage in entry.get("workspaces") or []:
        if usage["name"] == name and usage.get("mountPath"):
            entry = step(entry, Replacements({variable: str(usage["mountPath"])}))
    return entry

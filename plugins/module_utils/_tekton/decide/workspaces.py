# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Workspaces: what is bound is checked, becomes volumes, and is mounted into steps and sidecars.

Pure; knows declarations and bindings, must not know directories or claims that exist.
Source: tektoncd/pipeline pkg/workspace/apply.go, validate.go, pkg/apis/pipeline/v1/workspace_validation.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import names, references, substitution
from .apply_task import mount_path
from .places import change, places, read

Volume = dict[str, Any]
_VOLUMES = ("persistentVolumeClaim", "emptyDir", "configMap", "secret", "projected", "csi")
_SOURCES = ("volumeClaimTemplate", *_VOLUMES)
_BINDING = places(
    "subPath", "persistentVolumeClaim.claimName",
    "configMap.name", "configMap.items[].key", "configMap.items[].path",
    "secret.secretName", "secret.items[].key", "secret.items[].path",
    "projected.sources[].configMap.name", "projected.sources[].configMap.items[].key",
    "projected.sources[].configMap.items[].path", "projected.sources[].secret.name",
    "projected.sources[].secret.items[].key", "projected.sources[].secret.items[].path",
    "csi.driver", "csi.nodePublishSecretRef.name",
)  # fmt: skip
_CONTAINER = places("script", "args[]", "command[]", "workingDir", "env[].value")


def replaced(bindings: Sequence[Mapping[str, Any]], strings: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the bindings with references replaced. Source: ReplaceWorkspaceBindingsVars."""
    return [change(entry, _BINDING, lambda value: substitution.text(value, strings)) for entry in bindings]


def volumes(bindings: Sequence[Mapping[str, Any]]) -> dict[str, Volume]:
    """Return the volume of each bound workspace, by its name; a claim that is bound twice is one volume.

    Names are ws- and five digits of a hash. Source: CreateVolumes.
    """
    out: dict[str, Volume] = {}
    claims: dict[str, Volume] = {}
    used: set[str] = set()
    for entry in bindings:
        name = _volume_name(str(entry["name"]), used)
        source = next((key for key in _VOLUMES if entry.get(key) is not None), "")
        if not source:
            continue
        volume = {"name": name, source: entry[source]}
        if source == "persistentVolumeClaim":
            volume = claims.setdefault(str(entry[source].get("claimName") or ""), volume)
        out[str(entry["name"])] = volume
    return out


def by_volume(claims: Mapping[str, str]) -> dict[str, str]:
    """Return the workspace behind the volume of each name; `claims` are the claims of bound workspaces, "" for others."""
    bindings = [
        {"name": name, **({"persistentVolumeClaim": {"claimName": claim}} if claim else {"emptyDir": {}})}
        for name, claim in claims.items()
    ]
    found: dict[str, str] = {}
    for name, volume in volumes(bindings).items():
        found.setdefault(str(volume["name"]), name)
    return found


def _volume_name(workspace: str, used: set[str]) -> str:
    name = names.hashed("ws", workspace)
    while name in used:
        name = names.hashed("ws", f"{name}$")
    used.add(name)
    return name


def claims(bindings: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the claim of each bound workspace, "" for other sources."""
    return {
        str(entry["name"]): str((entry.get("persistentVolumeClaim") or {}).get("claimName") or "") for entry in bindings
    }


def apply(
    spec: Mapping[str, Any], bindings: Sequence[Mapping[str, Any]], bound: Mapping[str, Volume]
) -> dict[str, Any]:
    """Return a Task's spec with the volumes of `bound` and their mounts.

    A workspace that a step or sidecar lists is mounted only where it is listed, any other in all of them. A binding
    without a declaration is declared. Source: Apply.
    """
    out = dict(spec)
    if not bindings:
        return out
    out["stepTemplate"] = dict(spec.get("stepTemplate") or {})
    isolated = {use["name"] for group in ("steps", "sidecars") for e in spec.get(group) or [] for use in _uses(e)}
    for entry in bindings:
        name = str(entry["name"])
        declared = _declaration(out, name)
        volume = bound.get(name, {"name": ""})
        out = (_mount_isolated if name in isolated else _mount_shared)(out, name, _mount(declared, entry, volume))
        if volume not in (out.get("volumes") or []):
            out["volumes"] = [*(out.get("volumes") or []), volume]
    return out


def _uses(entry: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = entry.get("workspaces") or []
    return found


def _declaration(spec: dict[str, Any], name: str) -> Mapping[str, Any]:
    for entry in spec.get("workspaces") or []:
        if entry["name"] == name:
            found: Mapping[str, Any] = entry
            return found
    spec["workspaces"] = [*(spec.get("workspaces") or []), {"name": name}]
    return {"name": name}


def _mount(declared: Mapping[str, Any], binding: Mapping[str, Any], volume: Volume) -> dict[str, Any]:
    mount: dict[str, Any] = {"name": volume["name"], "mountPath": mount_path(declared)}
    if binding.get("subPath"):
        mount["subPath"] = binding["subPath"]
    if declared.get("readOnly"):
        mount["readOnly"] = True
    return mount


def _mount_shared(spec: dict[str, Any], _name: str, mount: dict[str, Any]) -> dict[str, Any]:
    template = _with_mount(spec["stepTemplate"], mount)
    sidecars = [add_sidecar_mount(entry, mount) for entry in spec.get("sidecars") or []]
    return {**spec, "stepTemplate": template, **({"sidecars": sidecars} if sidecars else {})}


def _mount_isolated(spec: dict[str, Any], name: str, mount: dict[str, Any]) -> dict[str, Any]:
    out = dict(spec)
    for group in ("steps", "sidecars"):
        if spec.get(group):
            out[group] = [_mount_where_listed(entry, name, mount) for entry in spec[group]]
    return out


def _mount_where_listed(entry: Mapping[str, Any], name: str, mount: dict[str, Any]) -> dict[str, Any]:
    use = next((use for use in _uses(entry) if use["name"] == name), None)
    if use is None:
        return dict(entry)
    return _with_mount(entry, {**mount, "mountPath": use.get("mountPath") or mount["mountPath"]})


def _with_mount(entry: Mapping[str, Any], mount: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "volumeMounts": [*(entry.get("volumeMounts") or []), mount]}


def add_sidecar_mount(sidecar: Mapping[str, Any], mount: dict[str, Any]) -> dict[str, Any]:
    """Return the sidecar with the mount, unless it has one at that path."""
    if any(own.get("mountPath") == mount.get("mountPath") for own in sidecar.get("volumeMounts") or []):
        return dict(sidecar)
    return _with_mount(sidecar, mount)


def used_by_task(spec: Mapping[str, Any]) -> set[str]:
    """Return the workspaces that steps, sidecars and the step template mention. ValueError for $(workspaces.a.b.c).

    Source: FindWorkspacesUsedByTask.
    """
    found: set[str] = set()
    for entry in [*(spec.get("steps") or []), *(spec.get("sidecars") or []), spec.get("stepTemplate") or {}]:
        params = [param.get("value") for param in entry.get("params") or []]
        for text in [*read(entry, _CONTAINER), *references.texts(params)]:
            mentioned, problem = references.variables(text, "workspaces")
            if problem:
                raise ValueError(f"Error while extracting workspace: {problem}")
            found.update(mentioned)
    return found


def binding_problem(binding: Mapping[str, Any]) -> str:
    """Say what is wrong with a binding, "" for nothing. Source: WorkspaceBinding.Validate."""
    sources = [name for name in _SOURCES if binding.get(name) is not None]
    lowered = ", ".join(sorted(f"workspace.{name.lower()}" for name in _SOURCES))
    if not any(binding.values()) and not sources:
        return "missing field(s)"
    if len(sources) > 1:
        return f"expected exactly one, got both: {lowered}"
    if not sources:
        return f"expected exactly one, got neither: {lowered}"
    for source, name in (("persistentVolumeClaim", "claimName"), ("configMap", "name"), ("secret", "secretName")):
        if source in sources and not (binding[source] or {}).get(name):
            return f"missing field(s): {source.lower()}.{name.lower()}"
    if "projected" in sources and not (binding["projected"] or {}).get("sources"):
        return "missing field(s): projected.sources"
    if "csi" in sources and not (binding["csi"] or {}).get("driver"):
        return "missing field(s): csi.driver"
    return ""


def bindings_problem(declared: Sequence[Mapping[str, Any]], bindings: Sequence[Mapping[str, Any]]) -> str:
    """Say why these bindings do not fit a Task's declarations, "" when they do. Source: ValidateBindings."""
    for entry in bindings:
        if problem := binding_problem(entry):
            return f'binding "{entry.get("name", "")}" is invalid: {problem}'
    bound, wanted = [entry.get("name") for entry in bindings], [entry["name"] for entry in declared]
    if problem := unbound(declared, bindings):
        return problem
    extra = next((name for name in bound if name not in wanted), None)
    return "" if extra is None else f'workspace binding "{extra}" does not match any declared workspace'


def unbound(declared: Sequence[Mapping[str, Any]], bindings: Sequence[Mapping[str, Any]]) -> str:
    """Say which required workspace has no binding, "" for none."""
    bound = {entry.get("name") for entry in bindings}
    for entry in declared:
        if not entry.get("optional") and entry["name"] not in bound:
            return f'declared workspace "{entry["name"]}" is required but has not been bound'
    return ""


def defaults(
    declared: Sequence[Mapping[str, Any]], bindings: Sequence[Mapping[str, Any]], default: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the bindings of required workspaces that nobody bound, when a cluster has a default.

    Source: tektoncd/pipeline pkg/reconciler/taskrun/taskrun.go, updateTaskRunWithDefaultWorkspaces.
    """
    bound = {entry["name"] for entry in bindings}
    wanted = [entry["name"] for entry in declared if not entry.get("optional") and entry["name"] not in bound]
    return [{**default, "name": name} for name in wanted] if default else []


def claims_problem(bindings: Sequence[Mapping[str, Any]]) -> str:
    """Say that a TaskRun binds more than one claim, which an affinity assistant cannot place.

    Source: ValidateOnlyOnePVCIsUsed.
    """
    found = {
        e["persistentVolumeClaim"].get("claimName") for e in bindings if e.get("persistentVolumeClaim") is not None
    }
    found |= {entry.get("name") for entry in bindings if entry.get("volumeClaimTemplate") is not None}
    return "more than one PersistentVolumeClaim is bound" if len(found) > 1 else ""


def mounts_of_step(spec: Mapping[str, Any], step: Mapping[str, Any]) -> dict[str, str]:
    """Return where a step of a Task sees which declared workspace, by name. Isolated ones only where they are listed.

    Source: tektoncd/pipeline pkg/workspace/apply.go, mountAsIsolatedWorkspace, v1.15.
    """
    own = {use["name"]: use for use in _uses(step)}
    isolated = {use["name"] for group in ("steps", "sidecars") for e in spec.get(group) or [] for use in _uses(e)}
    return {
        str(entry["name"]): str(own.get(entry["name"], {}).get("mountPath") or mount_path(entry))
        for entry in spec.get("workspaces") or []
        if entry["name"] not in isolated or entry["name"] in own
    }

# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Fields that come from elsewhere: stepTemplate under steps, the run's resources over steps and sidecars.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/merge.go (a strategic merge of containers), v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# Lists that are merged by a key, as the Kubernetes API says of containers (patchMergeKey); all others are replaced.
_KEYS = {"env": "name", "volumeMounts": "mountPath", "volumeDevices": "devicePath", "ports": "containerPort"}
_NOT_MERGED = ("script", "onError", "timeout", "stdoutConfig", "stderrConfig", "results", "params", "ref", "when")


def steps(template: Mapping[str, Any] | None, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each step over the template. Source: MergeStepsWithStepTemplate."""
    return [step(template, entry) for entry in entries]


def step(template: Mapping[str, Any] | None, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the step over its template: fields of the step win, lists with names are merged by name.

    A step that refers to a StepAction takes nothing from the template.
    """
    if not template or entry.get("ref"):
        return dict(entry)
    below = {key: value for key, value in template.items() if key not in _NOT_MERGED}
    return _merged(below, entry)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(below)
    for name, value in above.items():
        under = below.get(name)
        if name in _KEYS and isinstance(value, list) and isinstance(under, list):
            out[name] = _by_key(under, value, _KEYS[name])
        elif isinstance(value, Mapping) and isinstance(under, Mapping):
            out[name] = _merged(under, value)
        elif value is not None and not (value in ("", []) and under):
            out[name] = value
    return out


def _by_key(
    below: Sequence[Mapping[str, Any]], above: Sequence[Mapping[str, Any]], key: str
) -> list[Mapping[str, Any]]:
    """Entries of the step keep their order; one of the template alone comes before the next that it preceded there.

    Source: k8s.io/apimachinery pkg/util/strategicpatch, mergeSortedSlice.
    """
    under = {entry.get(key): entry for entry in below}
    position = {name: index for index, name in enumerate(under)}
    names = {entry.get(key) for entry in above}
    rest = [entry for entry in below if entry.get(key) not in names]
    out: list[Mapping[str, Any]] = []
    for entry in above:
        place = position.get(entry.get(key), -1)
        while rest and position[rest[0].get(key)] < place:
            out.append(rest.pop(0))
        out.append(_entry(under.get(entry.get(key)), entry))
    return [*out, *rest]


def _entry(below: Mapping[str, Any] | None, above: Mapping[str, Any]) -> Mapping[str, Any]:
    """An env with a value is never merged with one that has a source."""
    if below is None or {"value", "valueFrom"} <= {*below, *above}:
        return above
    return _merged(below, above)


def with_specs(entries: Sequence[Mapping[str, Any]], specs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return steps or sidecars with the resources that a run gives them by name.

    Source: MergeStepsWithSpecs, MergeSidecarsWithSpecs.
    """
    given = {spec["name"]: spec.get("computeResources") or {} for spec in specs}
    out = []
    for entry in entries:
        resources = given.get(entry.get("name", ""))
        merged = _merged(entry.get("computeResources") or {}, resources) if resources is not None else None
        out.append(dict(entry) if merged is None else {**entry, "computeResources": merged})
    return out


def unknown_specs(spec: Mapping[str, Any], run: Mapping[str, Any]) -> list[str]:
    """Say which stepSpecs and sidecarSpecs of a TaskRun's spec name nothing in the Task. Source: validateOverrides."""
    out = []
    for group, given, word in (("steps", "stepSpecs", "Step"), ("sidecars", "sidecarSpecs", "Sidecar")):
        names = {entry.get("name", "") for entry in spec.get(group) or []}
        missing = [entry["name"] for entry in run.get(given) or [] if entry["name"] not in names]
        out += [f"invalid {word}Override: No {word} named {name}" for name in missing]
    return out


def volumes(spec: Mapping[str, Any], pod_template: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return a Task's spec with the volumes of its run's pod template; those of the Task win by name."""
    own = spec.get("volumes") or []
    names = {volume["name"] for volume in own}
    more = [volume for volume in (pod_template or {}).get("volumes") or [] if volume["name"] not in names]
    return {**spec, "volumes": [*own, *more]} if more else spec

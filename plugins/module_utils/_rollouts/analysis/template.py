# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""AnalysisTemplates become an AnalysisRun: flattened, merged with what the rollout says, labelled.

Source: argo-rollouts v1.10 utils/analysis/helpers.go, utils/analysis/factory.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.errors import Invalid, Refused
from ..._core.types import Manifest
from ..model.replicaset import HASH_LABEL
from ..model.rollout import API_VERSION

TYPE_LABEL = "rollout-type"
STEP_LABEL = "step-index"
INSTANCE_LABEL = "argo-rollouts.argoproj.io/controller-instance-id"
STEP, BACKGROUND, PRE_PROMOTION, POST_PROMOTION = "Step", "Background", "PrePromotion", "PostPromotion"

Find = Callable[[str, bool], Manifest | None]
Rules = list[dict[str, Any]]


def run_labels(kind: str, pod_hash: str, instance: str = "", step: int | None = None) -> dict[str, str]:
    """Return the labels of a run by what it serves: Step (with its index), Background, PrePromotion, PostPromotion."""
    out = {HASH_LABEL: pod_hash, TYPE_LABEL: kind}
    if step is not None:
        out[STEP_LABEL] = str(step)
    return {**out, INSTANCE_LABEL: instance} if instance else out


def instance_id(obj: Manifest) -> str:
    """Return the controller instance that an object belongs to, empty for none."""
    return str(((obj.get("metadata") or {}).get("labels") or {}).get(INSTANCE_LABEL, ""))


def collect(entries: Sequence[Mapping[str, Any]], find: Find) -> list[tuple[bool, Manifest]]:
    """Return the templates that references name and those that the templates name themselves, each once.

    The flag says cluster scope. Invalid for a template that is not there.
    """
    found: dict[tuple[bool, str], Manifest] = {}
    left = list(entries)
    while left:
        entry = left.pop(0)
        key = bool(entry.get("clusterScope")), str(entry.get("templateName"))
        if key in found:
            continue
        template = find(key[1], key[0])
        if template is None:
            kind = "ClusterAnalysisTemplate" if key[0] else "AnalysisTemplate"
            hint = "apply it first, or give it in src"
            raise Invalid("analysis.templates", f"there is no {kind} {key[1]!r}", hint=hint)
        found[key] = template
        left += (template.get("spec") or {}).get("templates") or []
    return [(cluster, template) for (cluster, _name), template in found.items()]


def unique(templates: Sequence[Manifest]) -> list[Manifest]:
    """Return the templates without repetitions of a name, in their order."""
    return list({(item.get("metadata") or {}).get("name"): item for item in reversed(templates)}.values())[::-1]


def flatten(templates: Sequence[Manifest], cluster_templates: Sequence[Manifest] = ()) -> Manifest:
    """Return one template with the metrics, rules and arguments of all. Invalid when two of them collide."""
    specs = [item.get("spec") or {} for item in (*templates, *cluster_templates)]
    metrics = [metric for spec in specs for metric in spec.get("metrics") or []]
    _no_twins(metrics, "name", "two metrics have the same name '{}'")
    merged = {
        "metrics": metrics,
        "dryRun": merge_dry_run([rule for spec in specs for rule in spec.get("dryRun") or []]),
        "measurementRetention": merge_retention(
            [rule for spec in specs for rule in spec.get("measurementRetention") or []]
        ),
        "args": _flat_args([arg for spec in specs for arg in spec.get("args") or []]),
    }
    return {"spec": {name: value for name, value in merged.items() if value}}


def merge_dry_run(*rules: Sequence[Mapping[str, Any]]) -> Rules:
    """Return the dry-run rules together. Invalid when two have the same name."""
    joined = [dict(rule) for part in rules for rule in part]
    _no_twins(joined, "metricName", "two Dry-Run metric rules have the same name '{}'")
    return joined


def merge_retention(*rules: Sequence[Mapping[str, Any]]) -> Rules:
    """Return the measurement retention rules together. Invalid when two have the same name."""
    joined = [dict(rule) for part in rules for rule in part]
    _no_twins(joined, "metricName", "two Measurement Retention metric rules have the same name '{}'")
    return joined


def _no_twins(entries: Sequence[Mapping[str, Any]], key: str, text: str) -> None:
    seen = set()
    for entry in entries:
        if entry.get(key) in seen:
            raise Invalid("metrics", text.format(entry.get(key)))
        seen.add(entry.get(key))


def _flat_args(args: Sequence[Mapping[str, Any]]) -> Rules:
    out: dict[str, dict[str, Any]] = {}
    for arg in args:
        before = out.get(arg["name"])
        old, new = (before or {}).get("value"), arg.get("value")
        if old is not None and new is not None and old != new:
            name = arg["name"]
            text = f"Argument `{name}` specified multiple times with different values: '{old}', '{new}'"
            raise Invalid("args", text)
        if old is None:
            out[arg["name"]] = dict(arg)
    return list(out.values())


def merge_args(incoming: Sequence[Mapping[str, Any]], declared: Sequence[Mapping[str, Any]]) -> Rules:
    """Return the declared arguments with the values that come in; undeclared ones are dropped.

    Invalid for an argument that has neither value nor valueFrom then.
    """
    out = [dict(arg) for arg in declared]
    for arg in incoming:
        mine = next((entry for entry in out if entry["name"] == arg["name"]), None)
        if mine is None:
            continue
        if arg.get("value") is not None:
            mine["value"] = arg["value"]
        elif arg.get("valueFrom") is not None:
            mine["valueFrom"] = arg["valueFrom"]
    missing = next((arg["name"] for arg in out if arg.get("value") is None and arg.get("valueFrom") is None), None)
    if missing is not None:
        raise Invalid("args", f"args.{missing} was not resolved")
    return out


@dataclass(frozen=True, slots=True)
class Naming:
    """What a new AnalysisRun is called and carries."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] | None = None

    def metadata(self) -> dict[str, Any]:
        given = {
            "name": self.name,
            "generateName": self.generate_name,
            "namespace": self.namespace,
            "labels": dict(self.labels or {}),
            "annotations": dict(self.annotations or {}),
        }
        return {key: value for key, value in given.items() if value}


def new_run(
    templates: Sequence[Manifest], cluster_templates: Sequence[Manifest], args: Sequence[Mapping[str, Any]],
    dry_run: Sequence[Mapping[str, Any]], retention: Sequence[Mapping[str, Any]], naming: Naming,
) -> Manifest:  # fmt: skip
    """Return the AnalysisRun of templates. Invalid when they collide or an argument has no value."""
    spec = flatten(templates, cluster_templates)["spec"]
    made = {
        "metrics": spec.get("metrics"),
        "dryRun": merge_dry_run(dry_run, spec.get("dryRun") or []),
        "measurementRetention": merge_retention(retention, spec.get("measurementRetention") or []),
        "args": merge_args(args, spec.get("args") or []),
    }
    return {
        "apiVersion": API_VERSION,
        "kind": "AnalysisRun",
        "metadata": naming.metadata(),
        "spec": {name: value for name, value in made.items() if value},
    }


def planned_run(analysis: Mapping[str, Any], args: Sequence[Mapping[str, Any]], find: Find, naming: Naming) -> Manifest:
    """Return the AnalysisRun of a rollout's analysis (templates, dryRun, measurementRetention) with these arguments.

    Invalid for a missing template, colliding metrics and arguments without value; Refused for what is not executed.
    """
    found = collect(analysis.get("templates") or [], find)
    plain, cluster = ([item for scope, item in found if scope is wanted] for wanted in (False, True))
    run = new_run(
        plain, cluster, args, analysis.get("dryRun") or [], analysis.get("measurementRetention") or [], naming
    )  # fmt: skip
    for arg in run["spec"].get("args") or []:
        if arg.get("value") is None and (arg.get("valueFrom") or {}).get("secretKeyRef") is None:
            text = f"analysis argument {arg['name']!r} by valueFrom is not executed in a template"
            raise Refused(text, hint="give its value, a secretKeyRef, or the fieldRef in the Rollout")
    return run


def run_of_template(template: Manifest, args: Sequence[Mapping[str, Any]], naming: Naming) -> Manifest:
    """Return the AnalysisRun of one template as a person creates it by hand: everything of the template is kept."""
    spec = dict(template.get("spec") or {})
    merged = list(args) if spec.get("args") is None else merge_args(args, spec["args"])
    meta = {key: value for key, value in (template.get("metadata") or {}).items() if key != "resourceVersion"}
    if merged:
        spec["args"] = merged
    return {**template, "kind": "AnalysisRun", "metadata": {**meta, **naming.metadata()}, "spec": spec}


def same_analysis(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Return whether two run specs measure the same: metrics, rules and arguments, not whether they are terminated."""
    names = ("metrics", "dryRun", "measurementRetention", "args")
    return all((left.get(name) or []) == (right.get(name) or []) for name in names)


def dry_run_metrics(rules: Sequence[Mapping[str, Any]], metrics: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the names of the metrics that the rules (regular expressions) make dry runs. Invalid: a rule without match."""
    return set(_matched("dryRun", rules, metrics))


def retention_rules(
    rules: Sequence[Mapping[str, Any]], metrics: Sequence[Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """Return the rule (metricName, limit) that each metric keeps its measurements by. Invalid: a rule without match."""
    return _matched("measurementRetention", rules, metrics)


def _matched(
    kind: str, rules: Sequence[Mapping[str, Any]], metrics: Sequence[Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    out: dict[str, Mapping[str, Any]] = {}
    for index, rule in enumerate(rules):
        names = [metric["name"] for metric in metrics if _searched(str(rule["metricName"]), str(metric["name"]))]
        if not names:
            raise Invalid(kind, f"{kind}[{index}]: Rule didn't match any metric name(s)")
        out.update(dict.fromkeys(names, rule))
    return out


def _searched(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return False

# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether the AnalysisTemplates of a Rollout fit where it uses them.

Source: argo-rollouts v1.10 pkg/apis/rollouts/validation/validation_references.go (ValidateAnalysisTemplatesWithType).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.errors import Invalid
from ..._core.types import Manifest, deep_get
from ..analysis import arguments, template
from ..analysis.limits import effective_count
from .problem import Problem, invalid

INLINE, BACKGROUND = "InlineAnalysis", "BackgroundAnalysis"
PRE_PROMOTION, POST_PROMOTION = "PrePromotionAnalysis", "PostPromotionAnalysis"
_STABLE, _LATEST, _VALUE = "dummy-stable-hash", "dummy-new-hash", "dummy-value"

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Analyses:
    """The templates of one analysis: `kind` says where the Rollout uses it, `step` is the index of an inline one."""

    kind: str
    templates: Sequence[Manifest] = ()
    cluster_templates: Sequence[Manifest] = ()
    args: Sequence[Entry] = ()
    step: int = 0


def analysis_field(kind: str, step: int) -> str | None:
    """Return the field of the templates of an analysis, None for an unknown kind."""
    fields = {
        PRE_PROMOTION: "blueGreen.prePromotionAnalysis",
        POST_PROMOTION: "blueGreen.postPromotionAnalysis",
        INLINE: f"canary.steps[{step}].analysis",
        BACKGROUND: "canary.analysis",
    }
    return f"spec.strategy.{fields[kind]}.templates" if kind in fields else None


def validate_analyses(rollout: Manifest, given: Analyses) -> list[Problem]:
    """Return the mistakes of templates used together: they collide, arguments lack values, inline ones never end."""
    path = analysis_field(given.kind, given.step)
    if path is None:
        return []
    every = [*given.templates, *given.cluster_templates]
    try:
        _plan(rollout, given, {})
        for step in deep_get(rollout, "spec", "strategy", "canary", "steps", default=[]):
            if step.get("analysis") is not None:
                _plan(rollout, given, step["analysis"])
    except Invalid as error:
        names = " ".join(_name(item) for item in every)
        return [invalid(path, f"templateNames: [{names}]", error.message)]
    return [found for item in every for found in validate_template(rollout, item, given.kind, path)]


def _plan(rollout: Manifest, given: Analyses, analysis: Entry) -> None:
    args = arguments.build_leniently(given.args, _STABLE, _LATEST, rollout)
    rules = analysis.get("dryRun") or [], analysis.get("measurementRetention") or []
    template.new_run(given.templates, given.cluster_templates, args, *rules, template.Naming())


def _name(item: Manifest) -> str:
    return str(deep_get(item, "metadata", "name", default=""))


def validate_template(rollout: Manifest, item: Manifest, kind: str, path: str) -> list[Problem]:
    """Return the mistakes of one template: an inline one must end, a background one needs its arguments."""
    spec, name = item.get("spec") or {}, _name(item)
    if kind == BACKGROUND:
        return _background(rollout, spec.get("args") or [], name, path)
    args = [
        arg if arg.get("value") is not None or arg.get("valueFrom") is not None else {**arg, "value": _VALUE}
        for arg in spec.get("args") or []
    ]
    try:
        metrics = resolved(spec.get("metrics") or [], args)
    except Invalid as error:
        return [invalid(path, name, f"AnalysisTemplate {name}: {error.message}")]
    return [
        invalid(path, name, _endless(name, metric)) for metric in metrics if effective_count(metric) is None
    ]  # fmt: skip


def _endless(name: str, metric: Entry) -> str:
    count = "<nil>" if metric.get("count") is None else metric["count"]
    called = metric.get("name")
    return f"AnalysisTemplate {name} has metric {called} which runs indefinitely. Invalid value for count: {count}"


def resolved(metrics: Sequence[Entry], args: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return the metrics with their arguments put in; what is read later has a placeholder.

    Invalid for an argument that has both a value and a source.
    """
    for arg in args:
        if arg.get("valueFrom") is not None and arg.get("value") is not None:
            raise Invalid("args", f"arg '{arg['name']}' has both Value and ValueFrom fields")
    known = [{**arg, "value": _VALUE} if arg.get("valueFrom") is not None else arg for arg in args]
    return [arguments.resolve_metric(metric, known) for metric in metrics]


def _background(rollout: Manifest, declared: Sequence[Entry], name: str, path: str) -> list[Problem]:
    given = deep_get(rollout, "spec", "strategy", "canary", "analysis", "args")
    problems = []
    for arg in declared:
        if arg.get("value") is not None or arg.get("valueFrom") is not None:
            continue
        if given is None:
            problems.append(invalid(path, name, "missing analysis arguments in rollout spec"))
        elif arg["name"] not in [entry.get("name") for entry in given]:
            problems.append(invalid(path, name, str(arg["name"])))
    return problems

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of argo-rollouts pkg/apis/rollouts/validation: a Rollout, and what it refers to, gives a list of mistakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import deep_get
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model import (
    validate,
    validate_analyses,
    validate_canary,
    validate_references,
    validate_steps,
)
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model.problem import Problem
from tests.conformance.adapters.rollouts import calls
from tests.conformance.registry import Row, adapter

SPEC = "pkg/apis/rollouts/validation/validation_test.go"
REFERENCES = "pkg/apis/rollouts/validation/validation_references_test.go"


def path_of(node: Any) -> str:
    """Return a field.Path of the rows, a name and its parent, as text."""
    if not node or isinstance(node, str):
        return node or ""
    parent = path_of(node.get("parent"))
    name = node.get("name") or ""
    return f"{parent}.{name}" if parent and name else parent or name


def shown(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Return the mistakes with the names of field.Error."""
    return [Shown(problem) for problem in problems]


class Shown(dict[str, Any]):
    """A field.Error of the rows: its fields, and its text as upstream's Error() gives it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(Type=problem.kind, Field=problem.field, BadValue=problem.value, Detail=problem.detail)
        self._text = str(problem)

    def __str__(self) -> str:
        return self._text


def at_path(function: Callable[[Any, str], list[Problem]]) -> Callable[[Any, Any], Any]:
    return lambda obj, path: shown(function(obj, path_of(path)))


def canary_of(rollout: Any) -> Any:
    return deep_get(rollout, "spec", "strategy", "canary", default={})


@adapter(
    "rollouts", SPEC,
    "TestValidateRollout", "TestValidateRolloutStrategy", "TestValidateRolloutStrategyBlueGreen",
    "TestValidateRolloutStrategyCanary", "TestValidateRolloutStrategyAntiAffinity",
    "TestValidateRolloutStrategyCanarySetHeaderRoute", "TestValidateRolloutStrategyCanarySetHeaderRoutePlugins",
    "TestValidateRolloutStrategyCanarySetMirrorRoute", "TestValidateRolloutStrategyCanarySetMirrorRoutePlugins",
    "TestValidateRolloutStrategyCanarySetHeaderRouteIstio", "TestValidateRolloutStrategyCanarySetHeaderRoutingALB",
    "TestValidateRolloutStrategyCanarySetMirrorRouteIstio", "TestInvalidMaxSurgeMaxUnavailable",
    "TestHasMultipleStepsType", "TestCanaryScaleDownDelaySeconds", "TestCanaryDynamicStableScale",
    "TestWorkloadRefWithTemplate", "TestCanaryExperimentStepWithWeight",
)  # fmt: skip
def spec(row: Row) -> None:
    known = {
        "validation.ValidateRollout": lambda obj: shown(validate.validate(obj)),
        "validation.ValidateRolloutStrategy": at_path(validate.validate_strategy),
        "validation.ValidateRolloutStrategyBlueGreen": at_path(validate.validate_blue_green),
        "validation.ValidateRolloutStrategyCanary": at_path(validate_canary.validate_canary),
        "validation.ValidateRolloutStrategyAntiAffinity": at_path(validate_canary.validate_anti_affinity),
        "validation.invalidMaxSurgeMaxUnavailable": at_path(
            lambda obj, path: validate_canary.max_surge_and_unavailable(canary_of(obj), path)
        ),
        "validation.hasMultipleStepsType": at_path(validate_steps.several_kinds),
    }
    calls.run(row, known)


@adapter("rollouts", SPEC, "TestValidateRolloutStrategyCanaryMissingServiceNames")
def missing_services(row: Row) -> None:
    rollout = {"spec": {"strategy": {"canary": {"trafficRouting": row.fields.get("trafficRouting")}}}}
    assert bool(validate_canary.validate_canary(rollout, "")) is (row.table["verdict"] == "rejected")


@adapter("rollouts", SPEC, "TestValidateRolloutStrategyCanary/only nginx/plugins support max weight value")
def max_weight(row: Row) -> None:
    context = row.table["context"]
    canary = {**canary_of(context["ro"]), "trafficRouting": row.fields.get("trafficRouting")}
    canary["steps"] = [{**step, "setWeight": context["anyWeight"]} for step in canary["steps"]]
    found = validate_canary.validate_canary({"spec": {"strategy": {"canary": canary}}}, "")
    assert bool(found) is bool(row.value("expectError")), found
    assert not found or found[0].detail == row.value("expectedError"), found


def analyses_of(given: Any) -> validate_analyses.Analyses:
    return validate_analyses.Analyses(
        kind=given.get("TemplateType", ""),
        templates=given.get("AnalysisTemplates") or [],
        cluster_templates=given.get("ClusterAnalysisTemplates") or [],
        args=given.get("Args") or [],
        step=given.get("CanaryStepIndex") or 0,
    )


def error_of(problem: Problem | None) -> str | None:
    return None if problem is None else str(problem)


@adapter(
    "rollouts", REFERENCES,
    "TestValidateAnalysisTemplatesWithType", "TestValidateAnalysisTemplateWithType", "TestValidateAlbIngress",
    "TestValidateIngressSimultaneousAlbNginx", "TestValidateService", "TestValidateVirtualService",
    "TestValidateVirtualServices", "TestValidateRolloutVirtualServicesConfig",
    "TestGetAnalysisTemplateWithTypeFieldPath", "TestGetServiceWithTypeFieldPath", "TestValidateAmbassadorMapping",
    "TestValidateAnalysisMetrics",
)  # fmt: skip
def references(row: Row) -> None:
    def template(rollout: Any, plain: Any, cluster: Any, kind: str, path: str) -> Any:
        return shown(validate_analyses.validate_template(rollout, cluster or plain, kind, path))

    known = {
        "validation.ValidateAnalysisTemplatesWithType": lambda rollout, given: shown(
            validate_analyses.validate_analyses(rollout, analyses_of(given))
        ),
        "validation.ValidateAnalysisTemplateWithType": template,
        "validation.GetAnalysisTemplateWithTypeFieldPath": validate_analyses.analysis_field,
        "validation.GetServiceWithTypeFieldPath": validate_references.service_field,
        "validation.ValidateIngress": lambda rollout, obj: shown(validate_references.validate_ingress(rollout, obj)),
        "validation.ValidateService": lambda given, rollout: shown(
            validate_references.validate_service(given["Type"], given["Service"], rollout)
        ),
        "validation.ValidateVirtualService": lambda rollout, obj: shown(
            validate_references.validate_virtual_service(rollout, obj)
        ),
        "validation.ValidateRolloutVirtualServicesConfig": lambda rollout: error_of(
            validate_references.validate_virtual_service_choice(rollout)
        ),
        "validation.ValidateAmbassadorMapping": lambda obj: shown(validate_references.validate_mapping(obj)),
        "validation.validateAnalysisMetrics": validate_analyses.resolved,
        "ingress.NewLegacyIngress": lambda obj: obj,
        "ingress.NewIngress": lambda obj: obj,
        "unstructured.StrToUnstructuredUnsafe": lambda text: yaml.load_all(text)[0].data,
    }
    calls.run(row, known)


def ingress(name: str, service: str) -> dict[str, Any]:
    paths = [{"path": "/foo", "backend": {"serviceName": service, "servicePort": 80}}]
    return {"metadata": {"name": name}, "spec": {"rules": [{"http": {"paths": paths}}]}}


@adapter(
    "rollouts", REFERENCES,
    "TestValidateRolloutReferencedResourcesNginxIngress", "TestValidateRolloutReferencedResourcesAlbIngress",
)  # fmt: skip
def ingresses(row: Row) -> None:
    """The Rollout of the test names these ingresses; only its stable service differs between the two routers."""
    nginx, names = row.test.endswith("NginxIngress"), row.value("ingresses")
    one, several = ("stableIngress", "stableIngresses") if nginx else ("ingress", "ingresses")
    given = {several: names} if row.value("multipleIngresses") else {one: names[0]}
    canary = {
        "stableService": "stable-service" if nginx else "stable-service-name",
        "trafficRouting": {"nginx" if nginx else "alb": given},
    }
    objects = [ingress(name, service) for name, service in zip(names, row.value("services"), strict=True)]
    referenced = validate_references.Referenced(ingresses=objects)
    found = validate_references.validate_referenced({"spec": {"strategy": {"canary": canary}}}, referenced)
    assert [[problem.field, problem.value] for problem in found] == [list(e) for e in row.value("expectedErrors")]


@adapter("rollouts", REFERENCES, "TestValidateRolloutNginxIngressesConfig", "TestValidateRolloutAlbIngressesConfig")
def ingress_choice(row: Row) -> None:
    router = "nginx" if "Nginx" in row.test else "alb"
    names = {
        "stableIngress": "stableIngress",
        "stableIngresses": "stableIngresses",
        "Ingress": "ingress",
        "Ingresses": "ingresses",
    }
    given = {names[key]: value for key, value in row.fields.items() if key in names and value}
    rollout = {"spec": {"strategy": {"canary": {"trafficRouting": {router: given}}}}}
    wanted = row.fields.get("expected")
    found = error_of(validate_references.validate_ingress_choice(rollout, router))
    assert found == (wanted["$error"] if isinstance(wanted, dict) else wanted), found

# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Checks for kinds that deliver and run programs: Keptn, Numaflow, Flagger, Knative, KServe, operators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...._core.types import Manifest
from ..status import Health
from .rules import (
    Check,
    When,
    absent,
    always,
    conditions,
    each,
    field,
    first,
    flag,
    found_condition,
    get,
    listed,
    ready,
    stale,
)

_NUMAPLANE, _NUMAFLOW = "numaplane.numaproj.io", "numaflow.numaproj.io"
_FAILED_UPGRADE = "numaplane.numaproj.io/progressive-result-state"


def _keptn(kind: str) -> Check:
    words = {"Succeeded": ("Healthy", f"{kind} is healthy"), "Failed": ("Degraded", f"{kind} is degraded")}
    return first(field("status.status", words), always("Progressing", f"{kind} is progressing"))


def _metric(obj: Manifest) -> Health:
    if get(obj, "status.errMsg"):
        return Health("Degraded", "KeptnMetric is degraded")
    known = get(obj, "status.value") is not None
    return Health("Healthy", "KeptnMetric is healthy") if known else Health("Progressing", "KeptnMetric is progressing")


def _child(obj: Manifest, child: str) -> Health:
    """A rollout of numaplane that puts a pipeline or a vertex in place."""
    late = absent("status", "Progressing", "Not yet reconciled")(obj) or stale("Not yet reconciled", strict=True)(obj)
    if late:
        return late
    upgrade, health = found_condition(obj, "ProgressiveUpgradeSucceeded"), found_condition(obj, "ChildResourcesHealthy")
    failed_upgrade = upgrade.get("status") == "False"
    busy = get(obj, "status.upgradeInProgress") or get(obj, "status.phase") == "Pending"
    if busy and not failed_upgrade:
        return Health("Progressing", "Update in progress")
    state = health.get("status"), health.get("reason")
    if state == ("False", "Progressing"):
        return Health("Progressing", "Child Progressing")
    if get(obj, "status.phase") == "Failed":
        return Health("Degraded", str(get(obj, "status.message") or ""))
    if state == ("False", f"{child}Failed"):
        return Health("Degraded", str(health.get("message") or ""))
    if failed_upgrade:
        return Health("Degraded", "Progressive upgrade failed")
    paused = conditions(When(f"{child}PausingOrPaused", "True", "Healthy"))(obj)
    if paused or health.get("status") == "True":
        return paused or Health("Healthy", "Healthy")
    return Health("Unknown", f"Unknown {child} status")


def _controlled(name: str, healthy: str = "") -> Check:
    """A rollout of numaplane without a child of its own kind."""

    def check(obj: Manifest) -> Health:
        late = absent("status", "Progressing", "Not yet reconciled")(obj) or stale("Not yet reconciled", strict=True)(
            obj
        )
        if late:
            return late
        phase, health = get(obj, "status.phase"), found_condition(obj, "ChildResourcesHealthy")
        message, state = str(health.get("message") or ""), (health.get("status"), health.get("reason"))
        if phase == "Pending":
            return Health("Progressing", "Phase=Pending")
        if get(obj, "status.upgradeInProgress"):
            return Health("Progressing", "Update in progress")
        if phase == "Failed":
            return Health("Degraded", str(get(obj, "status.message") or ""))
        if state[0] == "False" and state[1] in ("Degraded", "Progressing"):
            return Health(str(state[1]), message)
        if state[0] == "True" and phase == "Deployed":
            return Health("Healthy", healthy or message)
        return Health("Unknown", f"Unknown {name} status")

    return check


def _flow(name: str, words: Mapping[str, str], unhealthy: str = "", *, labelled: bool = True) -> Check:
    """A kind of Numaflow. `words` say what a phase is called, `unhealthy` what a failed condition is."""

    def check(obj: Manifest) -> Health:
        if not obj.get("status") or get(obj, "metadata.generation") != get(obj, "status.observedGeneration"):
            return Health("Progressing", f"Waiting for {name} status")
        phase = get(obj, "status.phase")
        bad = [one for one in listed(obj, "status.conditions") if one.get("status") == "False"]
        failed = labelled and (get(obj, "metadata.labels") or {}).get(_FAILED_UPGRADE) == "failed"
        if phase == "Failed":
            return Health("Degraded", str(get(obj, "status.message") or ""))
        if failed:
            return Health("Degraded", "Failed progressive upgrade")
        if bad:
            return Health("Degraded", unhealthy or str(bad[-1].get("message") or ""))
        if phase in words:
            return Health("Healthy", f"{name} is {words[str(phase)]}")
        return Health("Progressing", f"Waiting for {name} status")

    return check


def _canary(obj: Manifest) -> Health:
    if not obj.get("status"):
        return Health("Unknown", "No status")
    phase, weight = str(get(obj, "status.phase") or ""), float(get(obj, "status.canaryWeight") or 0)
    words = dict.fromkeys(("Progressing", "Finalising", "Promoting"), "Progressing") | {"Failed": "Degraded"}
    words |= dict.fromkeys(("Succeeded", "Initialized"), "Healthy")
    parts = [f"Canary Weight: {weight:g} %"] if weight > 0 else []
    parts += [str(one.get("message") or "") for one in listed(obj, "status.conditions")]
    return Health(words.get(phase, "Unknown"), " --- ".join([phase, *parts]))


def _listing(obj: Manifest) -> str:
    found = enumerate(listed(obj, "status.conditions"), 1)
    return "".join(f"{number}: {one.get('type')} | {one.get('status')}\n" for number, one in found)


def _knative(kind: str) -> Check:
    def check(obj: Manifest) -> Health:
        if get(obj, "status.conditions") is None:
            return Health("Progressing", f"Waiting for {kind}")
        found = [(one.get("type"), one.get("status")) for one in listed(obj, "status.conditions")]
        if any(status == "Unknown" or (name, status) == ("Ready", "False") for name, status in found):
            return Health("Progressing", _listing(obj))
        if found.count(("Ready", "True")) + found.count(("InstallSucceeded", "True")) == 2:
            return Health("Healthy", f"{kind} is healthy.")
        return Health("Degraded", _listing(obj))

    return check


def _knative_service(obj: Manifest) -> Health:
    if get(obj, "status.conditions") is None:
        return Health("Progressing", "Waiting for status update.")
    bad = [one for one in listed(obj, "status.conditions") if one.get("status") in ("False", "Unknown")]
    good = [one.get("type") for one in listed(obj, "status.conditions") if one.get("status") == "True"]
    if not bad and sum(name in ("ConfigurationsReady", "RoutesReady", "Ready") for name in good) == 3:
        return Health("Healthy", "Knative Service is healthy.")
    said = [_why(one) for one in bad]
    return Health("Degraded" if any(one["status"] == "False" for one in bad) else "Progressing", "".join(said))


def _why(one: Mapping[str, Any]) -> str:
    reason = f", since {one['reason']}." if one.get("reason") else ""
    return f"{one['type']} is {one['status']}{reason}{' ' + one['message'] if one.get('message') else ''}\n"


def _inference(obj: Manifest) -> Health:
    """Stopped is good when it is false; every other condition when it is true."""
    if not obj.get("status"):
        return Health("Progressing", "Waiting for InferenceService to report status...")
    model = get(obj, "status.modelStatus.transitionStatus")
    progressing, degraded = model == "InProgress", model not in (None, "UpToDate", "InProgress")
    message = f"0: transitionStatus | {model}" if progressing or degraded else ""
    bad = 0
    for number, one in enumerate(listed(obj, "status.conditions"), 1):
        if one.get("status") == ("False" if one.get("type") == "Stopped" else "True"):
            continue
        bad += 1
        parts = [f"{number}: {one.get('type')}", str(one.get("status")), one.get("reason"), one.get("message")]
        message += "".join(f" | {part}" for part in parts if part)
    if not (progressing or degraded or bad):
        return Health("Healthy", "InferenceService is healthy.")
    return Health("Degraded" if degraded else "Progressing", message)


def _subscription(obj: Manifest) -> Health:
    """An OLM subscription. A plan that waits for a person's approval is meant, once something is
    installed, and counts as healthy."""
    if get(obj, "status.conditions") is None:
        return Health("Progressing", "An install plan for a subscription is pending installation")
    pending, degraded, message, manual = 0, 0, "", False
    for number, one in enumerate(listed(obj, "status.conditions"), 1):
        kind, true, reason = one.get("type"), one.get("status") == "True", one.get("reason")
        if kind == "InstallPlanPending" and true and reason == "RequiresApproval" and get(obj, "status.installedCSV"):
            manual = True
            continue
        message += f"{number}: {kind} | {one.get('status')}\n"
        pending += kind == "InstallPlanPending" and true
        degraded += kind == "InstallPlanMissing" and reason != "ReferencedInstallPlanNotFound"
        degraded += kind in ("CatalogSourcesUnhealthy", "InstallPlanFailed", "ResolutionFailed") and true
    state = get(obj, "status.state")
    note = " (manual InstallPlan approval pending; treated as healthy)" if manual and state == "UpgradePending" else ""
    message += ".status.state not yet known\n" if state is None else f".status.state is '{state}'{note}\n"
    pending += state in (None, "", "UpgradeAvailable") or (state == "UpgradePending" and not manual)
    degraded += state == "UpgradeFailed"
    return Health("Degraded" if degraded else "Progressing" if pending else "Healthy", message)


def _job(obj: Manifest) -> Health:
    status = get(obj, "status.ansibleJobResult.status")
    words = {"successful": "Healthy"} | dict.fromkeys(("failed", "error", "canceled"), "Degraded")
    words |= dict.fromkeys(("new", "pending", "waiting", "running"), "Progressing")
    if status not in words:
        return Health("Progressing", "Waiting for AnsibleJob")
    return Health(words[status], f"{status} job - {get(obj, 'status.ansibleJobResult.url')}")


def _spin_app(obj: Manifest) -> Health:
    if not obj.get("status"):
        return Health("Progressing", "Waiting for status to be available")
    available, moving = found_condition(obj, "Available"), found_condition(obj, "Progressing")
    ready_now, wanted = int(get(obj, "status.readyReplicas") or 0), int(get(obj, "spec.replicas") or 1)
    if available.get("status") != "True":
        default = "Application availability status" if available else ""
        return Health("Degraded", str(available.get("message") or default))
    if ready_now < wanted:
        return Health("Progressing", f"Waiting for replicas to be ready ({ready_now}/{wanted})")
    if moving.get("status") == "True":
        return Health("Progressing", str(moving.get("message") or "Application progress status"))
    return Health("Healthy", f"Application is healthy with {ready_now}/{wanted} replicas ready")


RULES: dict[tuple[str, str], Check] = {
    **{("lifecycle.keptn.sh", kind): _keptn(kind) for kind in (
        "KeptnTask", "KeptnEvaluation", "KeptnAppVersion", "KeptnWorkloadVersion", "KeptnWorkloadInstance")},
    ("metrics.keptn.sh", "KeptnMetric"): _metric,
    ("metrics.keptn.sh", "Analysis"): first(
        flag("status.pass", "Healthy", "Analysis is healthy"),
        flag("status.warning", "Healthy", "Analysis is healthy with warnings"),
        field("status.pass", {False: ("Degraded", "Analysis is degraded")}),
        always("Progressing", "Analysis is progressing"),
    ),
    (_NUMAPLANE, "PipelineRollout"): lambda obj: _child(obj, "Pipeline"),
    (_NUMAPLANE, "MonoVertexRollout"): lambda obj: _child(obj, "MonoVertex"),
    (_NUMAPLANE, "ISBServiceRollout"): lambda obj: _child(obj, "ISBService"),
    (_NUMAPLANE, "NumaflowControllerRollout"): _controlled("NumaflowController"),
    (_NUMAFLOW, "Pipeline"): _flow(
        "Pipeline", {"Paused": "paused", "Pausing": "paused", "Running": "healthy"}, "Subresources are unhealthy"),
    (_NUMAFLOW, "Vertex"): _flow("Vertex", {"Paused": "paused", "Running": "healthy"}, labelled=False),
    (_NUMAFLOW, "MonoVertex"): _flow("MonoVertex", {"Paused": "paused", "Running": "healthy"}),
    (_NUMAFLOW, "InterStepBufferService"): _flow("InterStepBufferService", {"Running": "healthy"}),
    ("flagger.app", "Canary"): _canary,
    ("operator.knative.dev", "KnativeEventing"): _knative("KnativeEventing"),
    ("operator.knative.dev", "KnativeServing"): _knative("KnativeServing"),
    ("serving.knative.dev", "Service"): _knative_service,
    ("serving.kserve.io", "InferenceService"): _inference,
    ("operators.coreos.com", "Subscription"): _subscription,
    ("tower.ansible.com", "AnsibleJob"): _job,
    ("core.spinkube.dev", "SpinApp"): _spin_app,
    ("pulumi.com", "Stack"): first(
        stale("Waiting for the operator to observe the latest spec change", strict=True),
        conditions(
            When("Stalled", "True", "Degraded"), When("Reconciling", "True", "Progressing"), When("Ready", "True", "Healthy")
        ),
        always("Progressing", "Waiting for the stack to be reconciled"),
    ),
    ("camel.apache.org", "Integration"): ready("Waiting for Integration"),
    ("argocd-image-updater.argoproj.io", "ImageUpdater"): first(
        absent("status.conditions", "Progressing", "Waiting for ImageUpdater to be reconciled"),
        stale("Waiting for ImageUpdater spec update to be observed"),
        each(When("Error", "True", "Degraded"), When("Reconciling", "True", "Progressing")),
        ready("Waiting for ImageUpdater to report a Ready condition"),
    ),
}  # fmt: skip

# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Checks for kinds that run clusters and workloads: CRDs, cron jobs, gateways, machines, OpenKruise, virtual machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...._core.types import Manifest
from ..status import Health
from .rules import (
    Check,
    When,
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


def _crd(obj: Manifest) -> Health:
    """What is worst counts, but the text is that of the last condition that said anything of note."""
    if get(obj, "metadata.deletionTimestamp") is not None:
        return Health("Progressing", "CRD is terminating")
    found = listed(obj, "status.conditions")
    if not found:
        return Health("Progressing", "Status conditions not found")
    notable = {
        ("Terminating", "True"),
        ("NamesAccepted", "False"),
        ("Established", "True"),
        ("NonStructuralSchema", "True"),
    }
    present = {(one.get("type"), one.get("status")): str(one.get("message") or "") for one in found}
    said = [str(one.get("message") or "") for one in found if (one.get("type"), one.get("status")) in notable]
    message = said[-1] if said else ""
    if ("Terminating", "True") in present:
        return Health("Progressing", f"CRD is terminating: {message}")
    if ("NamesAccepted", "False") in present:
        return Health("Degraded", f"CRD names have not been accepted: {message}")
    if ("Established", "True") not in present:
        return Health("Degraded", "CRD is not established")
    if ("NonStructuralSchema", "True") in present:
        return Health("Degraded", f"Schema violations found: {message}")
    return Health("Healthy", "CRD is healthy")


def _cron_job(obj: Manifest) -> Health:
    """A schedule is healthy unless its last job is known to have failed."""
    if get(obj, "spec.suspend") is True:
        return Health("Healthy", "CronJob is Suspended")
    if obj.get("status") is None:
        return Health("Progressing", "Waiting for CronJob")
    scheduled, succeeded = get(obj, "status.lastScheduleTime"), get(obj, "status.lastSuccessfulTime")
    if scheduled is None:
        return Health("Healthy", "CronJob has not been scheduled yet")
    if succeeded is None:
        return Health("Healthy", "The CronJob never completed successfully. It may not be healthy")
    if listed(obj, "status.active"):
        return Health("Healthy", "The job is running. Its last execution may not have been successful")
    if str(succeeded) < str(scheduled):
        return Health("Degraded", "CronJob has not completed its last execution successfully")
    return Health("Healthy", "CronJob has completed its last execution successfully")


def _disruption_budget(obj: Manifest) -> Health:
    """InsufficientPods can be meant."""
    found = Health("Progressing", "Waiting for status")
    for condition in listed(obj, "status.conditions"):
        reason = condition.get("reason")
        if condition.get("status") == "False" and reason != "InsufficientPods":
            return Health("Degraded", f"PodDisruptionBudget has {reason}")
        found = Health("Healthy", f"PodDisruptionBudget has {reason}")
    return found


def _failed(entries: Sequence[Mapping[str, Any]], prefix: str, waiting: str) -> Health | None:
    """Return what is wrong with a gateway, a listener or a route by its conditions, None when nothing is."""
    for kind in ("ResolvedRefs", "Accepted"):
        bad = next((one for one in entries if one.get("type") == kind and one.get("status") == "False"), None)
        if bad is not None:
            return Health("Degraded", prefix + str(bad.get("message") or f"Failed condition: {kind}"))
    late = next((one for one in entries if one.get("type") == "Programmed" and one.get("status") != "True"), None)
    if late is not None:
        return Health("Progressing", prefix + str(late.get("message") or waiting))
    return None


def _gateway(obj: Manifest) -> Health:
    found = _failed(listed(obj, "status.conditions"), "", "Gateway is still being programmed")
    listeners = listed(obj, "status.listeners")
    for listener in listeners:
        entries = listener.get("conditions") or []
        found = found or _failed(entries, "Listener: ", "Listener is still being programmed")
    if found:
        return found
    if get(obj, "status.conditions") is not None or listeners:
        return Health("Healthy", "Gateway is healthy")
    return Health("Progressing", "Waiting for Gateway status")


def _route(obj: Manifest) -> Health:
    """Only parents that observed the current generation count."""
    wanted = get(obj, "metadata.generation")
    parents = [
        parent for parent in listed(obj, "status.parents")
        if wanted is None or any(one.get("observedGeneration") == wanted for one in parent.get("conditions") or [])
    ]  # fmt: skip
    for parent in parents:
        prefix = f"Parent {get(parent, 'parentRef.name') or ''}: "
        found = _failed(parent.get("conditions") or [], prefix, "Route is still being programmed")
        if found:
            return found
    if any(parent.get("conditions") for parent in parents):
        return Health("Healthy", f"{obj['kind']} is healthy")
    return Health("Progressing", f"Waiting for {obj['kind']} status")


def _gateway_class(obj: Manifest) -> Health:
    wanted = get(obj, "metadata.generation")
    for one in listed(obj, "status.conditions"):
        if one.get("type") != "Accepted" or (wanted and one.get("observedGeneration") not in (None, wanted)):
            continue
        said = {"True": ("Healthy", "GatewayClass is accepted"), "False": ("Degraded", "GatewayClass is not accepted")}
        status, text = said.get(str(one.get("status")), ("Progressing", "Waiting for GatewayClass status"))
        return Health(status, str(one.get("message") or text))
    return Health("Progressing", "Waiting for GatewayClass status")


def _ancestor(one: Mapping[str, Any]) -> str:
    return f"Ancestor {get(one, 'ancestorRef.name') or ''}"


def _late_ancestor(obj: Manifest, *, strict: bool) -> Health | None:
    wanted, kind = get(obj, "metadata.generation"), obj["kind"]
    for one in listed(obj, "status.ancestors") if wanted is not None else []:
        for condition in one.get("conditions") or []:
            seen = condition.get("observedGeneration")
            if seen != wanted and (strict or seen is not None):
                return Health("Progressing", f"Waiting for {_ancestor(one)} to update {kind} status")
    return None


def _policy(obj: Manifest, *, strict: bool = False) -> Health:
    """A policy is as good as its ancestors say. An ancestor that only found no target is not the one in charge."""
    late = _late_ancestor(obj, strict=strict)
    if late:
        return late
    kind, found = obj["kind"], Health("Progressing", f"Waiting for {obj['kind']} status")
    for one in listed(obj, "status.ancestors"):
        entries = one.get("conditions") or []
        accepted = next((entry for entry in entries if entry.get("type") == "Accepted"), None)
        if not strict and accepted and (accepted.get("status"), accepted.get("reason")) == ("False", "TargetNotFound"):
            continue
        bad = [e for e in entries if e.get("type") in ("Accepted", "ResolvedRefs") and e.get("status") != "True"]
        if bad:
            return Health("Degraded", f"{_ancestor(one)}: {bad[0].get('message') or ''}")
        if accepted:
            found = Health("Healthy", f"{kind} is healthy")
        elif strict:
            found = Health("Degraded", f"{_ancestor(one)}: {kind} is not accepted")
    return found


def airlock(obj: Manifest) -> Health:
    """Kinds of the Airlock gateway: only policies have a status."""
    if not str(obj.get("kind", "")).endswith("Policy"):
        return Health("Healthy", f"{obj['kind']} is healthy")
    return _policy(obj, strict=True)


def _cluster(obj: Manifest) -> Health:
    words = {"Provisioned": ("Healthy", "Cluster is running"), "Failed": ("Degraded", "")}
    found = first(
        flag("spec.paused", "Suspended", "Cluster is paused"),
        conditions(When("Ready", "False", "Degraded")),
        field("status.phase", words),
    )(obj)
    return found or Health("Progressing", "Waiting for clusters")


def _machine(obj: Manifest) -> Health:
    phase = get(obj, "status.phase")
    if phase == "Running":
        return Health("Healthy", "Machine is running")
    bad = conditions(When("Ready", "False", ""))(obj)
    return Health("Degraded" if phase == "Failed" else "Progressing", bad.message if bad else "Condition is unknown")


def _machine_deployment(obj: Manifest) -> Health:
    if get(obj, "spec.paused"):
        return Health("Suspended", "MachineDeployment is paused")
    count = [get(obj, f"status.{name}") for name in ("replicas", "updatedReplicas", "readyReplicas")]
    if get(obj, "status.phase") == "Running" and len(set(count)) == 1:
        return Health("Healthy", "Machines are running under this deployment")
    words = {
        "ScalingUp": ("Progressing", "Cluster is spawning machines"),
        "ScalingDown": ("Progressing", "Cluster is stopping machines"),
        "Failed": ("Degraded", "MachineDeployment is failed"),
    }
    return field("status.phase", words)(obj) or Health("Progressing", "Waiting for machines")


def _machine_pool(obj: Manifest) -> Health:
    phase = get(obj, "status.phase")
    words = {"Running": "Healthy", "Scaling": "Healthy", "Failed": "Degraded", "Unknown": "Degraded"}
    bad = [one for one in listed(obj, "status.conditions") if one.get("status") == "False" and one.get("type")]
    parts = [f"Not {one['type']}" + (f" ({one['reason']})" if one.get("reason") else "") for one in bad]
    message = f"MachinePool is {phase}" if phase is not None else ""
    return Health(words.get(str(phase), "Progressing"), message + (f": {', '.join(parts)}" if parts else ""))


def _control_plane(obj: Manifest) -> Health:
    if get(obj, "status.conditions") is None:
        return Health("Progressing", "Provisioning...")
    late = stale("Waiting for the control plane spec to be reconciled")(obj)
    if late:
        return late
    failure = get(obj, "status.failureMessage")
    if failure:
        return Health("Degraded", str(failure))
    updating = conditions(When("EKSControlPlaneUpdating", "True", "Progressing", "EKS control plane is updating"))(obj)
    good = conditions(When("Ready", "True", "Healthy", "Control plane is ready"))(obj)
    if updating or good:
        return updating or good or Health("Unknown")
    bad = [
        one
        for one in listed(obj, "status.conditions")
        if (one.get("status"), one.get("severity")) == ("False", "Error")
    ]
    if bad:
        return Health("Degraded", "".join(f"{one.get('message')} " for one in bad))
    why = " (.status.ready is false)" if get(obj, "status.ready") is False else ""
    return Health("Progressing", f"Control plane is not ready{why}")


def _node_claim(obj: Manifest) -> Health:
    found = first(
        stale("Waiting for NodeClaim spec to be reconciled"),
        each(When("Disrupting", "True", "Suspended")),
        conditions(When("Ready", "True", "Healthy"), When("Ready", "False", "Degraded")),
        each(
            When("Initialized", "True", "Progressing", "Node initialized, waiting for Ready"),
            When("Registered", "True", "Progressing", "Node registered, waiting for initialization"),
            When("Launched", "True", "Progressing", "Node launched, waiting for registration"),
        ),
    )(obj)
    return found or Health("Progressing", "Waiting for NodeClaim to be launched")


def _virtual_machine(obj: Manifest) -> Health:
    found = Health("Progressing", "No status available")
    if found_condition(obj, "Paused").get("status") == "True":
        return Health("Suspended", "Paused")
    state = found_condition(obj, "Ready")
    if state:
        started = get(obj, "status.created")
        stopped = Health("Progressing", "Starting") if started else Health("Suspended", "Stopped")
        found = Health("Healthy", "Running") if state.get("status") == "True" else stopped
    shown = get(obj, "status.printableStatus")
    return found if shown is None else Health(found.status, str(shown))


def _instance(obj: Manifest) -> Health:
    phase = str(get(obj, "status.phase") or "")
    words = {"Failed": "Degraded", "Succeeded": "Suspended", "Unknown": "Unknown"}
    words |= dict.fromkeys(("Pending", "Scheduling", "Scheduled"), "Progressing")
    if phase in words:
        return Health(words[phase], phase)
    found = Health("Progressing", phase or "No status available")
    for one in listed(obj, "status.conditions"):
        good, message = one.get("status") == "True", str(one.get("message") or "")
        if one.get("type") == "Paused" and good:
            return Health("Suspended", message)
        if one.get("type") == "Ready":
            found = Health("Healthy", "Running") if good else Health("Degraded", message)
    return found


def _data_volume(obj: Manifest) -> Health:
    phase = str(get(obj, "status.phase") or "")
    words = {"Succeeded": "Healthy", "Paused": "Suspended", "Failed": "Degraded", "Unknown": "Degraded"}
    if phase in ("Succeeded", "Paused"):
        return Health(words[phase], phase)
    failed = conditions(When("Running", "False", "Degraded", reason="Error"))(obj)
    return failed or Health(words.get(phase, "Progressing"), phase or "No status available")


def _binding(obj: Manifest) -> Health:
    """Karmada: every cluster of the binding reports. A binding that follows another one names no clusters."""
    clusters, reported = get(obj, "spec.clusters"), listed(obj, "status.aggregatedStatus")
    if not reported or (clusters is not None and len(clusters) != len(reported)):
        return Health("Progressing", "Current resource status is insufficient")
    bad = [one for one in reported if one.get("health") == "Unhealthy"]
    bad += [one for one in reported if one.get("health") == "Unknown" and one.get("applied") is not True]
    return Health("Degraded", "Current resource status is unhealthy") if bad else Health("Healthy")


def _horizontal_route(obj: Manifest) -> Health:
    """An OpenShift Route, admitted by each of its routers."""
    routers = listed(obj, "status.ingress")
    admitted = [c.get("status") for one in routers for c in one.get("conditions") or [] if c.get("type") == "Admitted"]
    if get(obj, "status.ingress") is not None and admitted.count("True") >= len(routers):
        return Health("Healthy", "Route is healthy")
    if "False" in admitted:
        return Health("Degraded", "Route is degraded")
    return Health("Progressing", "Route is still getting admitted")


def _deployment_config(obj: Manifest) -> Health:
    waiting = Health("Progressing", "replication controller is waiting for pods to run")
    if get(obj, "status.conditions") is None:
        return waiting
    states = [found_condition(obj, kind).get("status") for kind in ("Available", "Progressing")]
    if states.count("True") == 2:
        return Health("Healthy", "replication controller successfully rolled out")
    return waiting if "True" in states else Health("Degraded", "Deployment config is degraded")


def _certificates(obj: Manifest) -> Health:
    if any(one.get("status") == "FailedNotVisible" for one in listed(obj, "status.domainStatus")):
        return Health("Degraded", "At least one certificate has failed to be provisioned")
    if get(obj, "status.certificateStatus") == "Active":
        return Health("Healthy", "All certificates are active")
    return Health("Progressing", "At least one certificate is still being provisioned")


def _shoot(obj: Manifest) -> Health:
    """The label tells. Whether it tells so for 15 minutes needs a clock, which a check has not: it counts at once."""
    label = (get(obj, "metadata.labels") or {}).get("shoot.gardener.cloud/status")
    if label == "unhealthy":
        late = any(one.get("status") != "True" for one in listed(obj, "status.conditions"))
        return Health("Degraded", f"Component state: Unhealthy{' (> 15 minutes)' if late else ''}")
    words = {
        "healthy": ("Healthy", "Component state: Healthy"),
        "progressing": ("Progressing", "Component state: Update in progress"),
        "unknown": ("Unknown", "Component state: Unknown"),
    }
    return Health(*words.get(str(label), ("Progressing", "Update in progress")))


_SNAPSHOT = first(
    flag("status.readyToUse", "Healthy", "Ready to use"),
    lambda obj: Health("Degraded", str(get(obj, "status.error.message") or "")) if get(obj, "status.error") else None,
    always("Progressing", "Waiting for status"),
)

RULES: dict[tuple[str, str], Check] = {
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _crd,
    ("batch", "CronJob"): _cron_job,
    ("policy", "PodDisruptionBudget"): _disruption_budget,
    ("autoscaling.k8s.io", "VerticalPodAutoscaler"): first(
        each(
            When("NoPodsMatched", "True", "Degraded", "?No pods match the VPA selector"),
            When("RecommendationProvided", "True", "Healthy", "VPA recommendation provided"),
        ),
        always("Progressing", "Waiting for VPA recommendation"),
    ),
    ("gateway.networking.k8s.io", "Gateway"): _gateway,
    ("gateway.networking.k8s.io", "GatewayClass"): _gateway_class,
    ("gateway.networking.k8s.io", "HTTPRoute"): _route,
    ("gateway.networking.k8s.io", "GRPCRoute"): _route,
    ("gateway.networking.k8s.io", "BackendTLSPolicy"): lambda obj: _policy(obj),
    ("snapshot.storage.k8s.io", "VolumeSnapshot"): _SNAPSHOT,
    ("snapshot.storage.k8s.io", "VolumeSnapshotContent"): _SNAPSHOT,
    ("cluster.x-k8s.io", "Cluster"): _cluster,
    ("cluster.x-k8s.io", "Machine"): _machine,
    ("cluster.x-k8s.io", "MachineDeployment"): _machine_deployment,
    ("cluster.x-k8s.io", "MachinePool"): _machine_pool,
    ("controlplane.cluster.x-k8s.io", "AWSManagedControlPlane"): _control_plane,
    ("addons.cluster.x-k8s.io", "ClusterResourceSet"): ready(
        "Initializing cluster resource set", "cluster resource set is applied", of="ResourcesApplied"
    ),
    ("karpenter.sh", "NodeClaim"): _node_claim,
    ("kubevirt.io", "VirtualMachine"): _virtual_machine,
    ("kubevirt.io", "VirtualMachineInstance"): _instance,
    ("cdi.kubevirt.io", "DataVolume"): _data_volume,
    ("work.karmada.io", "ResourceBinding"): _binding,
    ("work.karmada.io", "ClusterResourceBinding"): _binding,
    ("route.openshift.io", "Route"): _horizontal_route,
    ("apps.openshift.io", "DeploymentConfig"): _deployment_config,
    ("networking.gke.io", "ManagedCertificate"): _certificates,
    ("core.gardener.cloud", "Shoot"): _shoot,
}

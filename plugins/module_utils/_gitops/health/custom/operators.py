# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Checks for kinds that operators of services, jobs and networks bring: scaling, Spark, Keycloak, Istio and others."""

from __future__ import annotations

from collections.abc import Mapping

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
    found_condition,
    get,
    listed,
    number,
    ready,
    stale,
)


def _scaled(waiting: str, *, job: bool = False) -> Check:
    """What KEDA scales: all conditions count, and the last that matters has the text."""

    def check(obj: Manifest) -> Health:
        seen, message = set(), ""
        for one in listed(obj, "status.conditions"):
            kind, status = one.get("type"), one.get("status")
            found = {
                ("Ready", "False"): "degraded",
                ("Ready", "Unknown"): "degraded" if job else None,
                ("Ready", "True"): "healthy",
                ("Paused", "True"): "paused",
                ("Fallback", "True"): None if job else "degraded",
            }.get((kind, status))
            if found:
                seen.add(found)
                message = str(one.get("message") or "")
        if "degraded" in seen:
            return Health("Degraded", message)
        if "healthy" in seen:
            return Health("Suspended" if "paused" in seen else "Healthy", message)
        return Health("Progressing", waiting)

    return check


def _executors(obj: Manifest) -> bool:
    """Whether as many Spark executors run as are wanted: a number, or within the limits of dynamic allocation."""
    states = get(obj, "status.executorState")
    if not isinstance(states, Mapping):
        return False
    running = sum(1 for one in states.values() if one == "RUNNING")
    wanted = get(obj, "spec.executor.instances")
    conf: Mapping[str, str] = get(obj, "spec.sparkConf") or {}
    for prefix in ("spark.dynamicAllocation", "spark.streaming.dynamicAllocation"):
        if conf.get(f"{prefix}.enabled") == "true":
            low, high = conf.get(f"{prefix}.minExecutors"), conf.get(f"{prefix}.maxExecutors")
            return int(low or 0) <= running and (high is None or running <= int(high))
    if get(obj, "spec.dynamicAllocation.enabled") is True:
        least = number(obj, "spec.dynamicAllocation.minExecutors")
        most = get(obj, "spec.dynamicAllocation.maxExecutors")
        return least <= running and (most is None or running <= int(most))
    return running > 0 if wanted is None else running == wanted


# The first text goes over two lines, the second ends in spaces: both as they are shown upstream.
_SPARK_ENDING = (
    "The driver pod has been completed successfully. The executor pods terminate and are cleaned up.\n"
    + " " * 32
    + "Under this circumstances, we assume the executor pod are completed."
)
_SPARK_LOST = (
    "SparkApplication is in UnknownState because either driver pod or one or all executor pods in unknown state  "
)


def _spark(obj: Manifest) -> Health:
    state = get(obj, "status.applicationState.state")
    if state in ("FAILED", "SUBMISSION_FAILED", "FAILING"):
        return Health("Degraded", str(get(obj, "status.applicationState.errorMessage") or ""))
    if state == "RUNNING" and _executors(obj):
        return Health("Healthy", "SparkApplication is Running")
    told = {
        "": ("Progressing", "SparkApplication was added, enqueuing it for submission"),
        "SUBMITTED": ("Progressing", "SparkApplication was submitted successfully"),
        "COMPLETED": ("Healthy", "SparkApplication was Completed"),
        "PENDING_RERUN": ("Progressing", "SparkApplication is Pending Rerun"),
        "INVALIDATING": ("Missing", "SparkApplication is in InvalidatingState"),
        "SUCCEEDING": ("Progressing", _SPARK_ENDING),
        "UNKNOWN": ("Progressing", _SPARK_LOST),
    }
    return Health(*told.get(str(state), ("Progressing", "Waiting for Executor pods")))


def _flink(obj: Manifest) -> Health:
    done = (
        get(obj, "status.reconciliationStatus.success") or get(obj, "status.reconciliationStatus.state") == "DEPLOYED"
    )
    if done:
        return Health("Healthy")
    manager = get(obj, "status.jobManagerDeploymentStatus")
    if manager in ("DEPLOYED_NOT_READY", "DEPLOYING"):
        return Health("Progressing", "Waiting for deploying")
    if manager == "ERROR":
        return Health("Degraded", str(get(obj, "status.reconciliationStatus.error") or ""))
    return Health("Progressing", "Waiting for Flink operator")


def _iam_role(obj: Manifest) -> Health:
    state, retries = get(obj, "status.state"), int(number(obj, "status.retryCount"))
    name, arn, number_ = (get(obj, f"status.{key}") or "<none>" for key in ("roleName", "roleARN", "roleID"))
    if state == "Ready":
        return Health("Healthy", f"Role '{name}' exists with ARN '{arn}' and ID '{number_}'.")
    if state in ("Error", "RolesMaxLimitReached", "PolicyNotAllowed", "RoleNameNotAvailable"):
        again = f"(retry {retries}) " if retries > 0 else ""
        error = get(obj, "status.errorDescription") or "<none>"
        said = f"Failed to reconcile the Iamrole {again}for role '{name}' with ARN '{arn}' and ID '{number_}'."
        return Health("Degraded", f"{said} Reconciliation error was: {error}")
    return Health("Progressing", "Waiting for Iamrole to be reconciled")


def _keycloak(obj: Manifest) -> Health:
    found = listed(obj, "status.conditions")
    if not found:
        return Health("Progressing", "Waiting for Keycloak status conditions to exist")
    for one in sorted(found, key=lambda one: str(one.get("lastTransitionTime") or "~")):
        if one.get("status") == "True" and one.get("type") == "Ready":
            return Health("Healthy")
        if one.get("status") == "True" and one.get("type") == "HasErrors":
            return Health("Degraded", f"Has Errors: {one.get('message') or ''}")
    return Health("Progressing")


def _prometheus(obj: Manifest) -> Health:
    known = found_condition(obj, "Available")
    if not known:
        return Health("Progressing", "Waiting for initialization")
    if known.get("status") == "True":
        return Health("Healthy", "All instances are available")
    status = "Progressing" if known.get("reason") == "SomePodsNotReady" else "Degraded"
    return Health(status, str(known.get("message") or known.get("reason") or ""))


def _node_network(obj: Manifest) -> Health:
    meant = {"Available": "Healthy", "Degraded": "Degraded", "Progressing": "Progressing", "Ignored": "Suspended"}
    for one in listed(obj, "status.conditions"):
        if one.get("status") == "True" and one.get("type") in meant:
            said = [str(one[key]) for key in ("reason", "message") if one.get(key)]
            return Health(meant[one["type"]], ": ".join(said))
    return Health("Progressing", "Waiting for policy to be applied")


def _function(obj: Manifest) -> Health:
    known = first(each(When("Ready", "False", "Degraded"), When("Stalled", "True", "Degraded")),
                  conditions(When("Ready", "True", "Healthy")))(obj)  # fmt: skip
    if known is None:
        return Health("Progressing", "Waiting for Function")
    idle = known.status == "Healthy" and number(obj, "status.replicas") <= 0
    return Health("Suspended", "No replicas available") if idle else known


def _collector(obj: Manifest) -> Health:
    """The replicas are told as "ready/wanted"; a side car has none."""
    mode, told = get(obj, "spec.mode"), get(obj, "status.scale.statusReplicas")
    if obj.get("status") is None:
        return Health("Progressing", "Waiting for OpenTelemetry Collector status")
    if told is None:
        if mode == "sidecar":
            return Health("Healthy", "Collector is running in sidecar mode")
        return Health("Progressing", "Scale status not available")
    have, _slash, wanted = str(told).partition("/")
    if not (have.isdigit() and wanted.isdigit()):
        return Health("Progressing", f"Unable to parse replica status: {told}")
    if int(have) == 0:
        if mode == "daemonset" and int(wanted) == 0:
            return Health("Healthy", "DaemonSet has no schedulable nodes (0/0)")
        return Health("Degraded", "No replicas are ready")
    if int(have) == int(wanted):
        return Health("Healthy", "All replicas are ready")
    return Health("Progressing", "Replicas are starting up")


def _contour(obj: Manifest) -> Health:
    """What a proxy includes cannot be seen from it; conditions of another generation do not count."""
    found = None
    proxy, description = obj.get("kind") == "HTTPProxy", str(get(obj, "status.description") or "")
    for one in listed(obj, "status.conditions"):
        if one.get("observedGeneration") != get(obj, "metadata.generation") or one.get("type") != "Valid":
            continue
        said = description if proxy else str(one.get("message") or "")
        if one.get("status") == "True":
            return Health("Healthy", said)
        if one.get("status") == "False" and proxy and get(obj, "spec.includes") is not None:
            found = Health("Healthy", "HTTPProxy inclusions cannot be health checked")
        elif one.get("status") == "False":
            return Health("Degraded", said)
    if found is None and not listed(obj, "status.conditions") and get(obj, "status.currentStatus"):
        return Health("Progressing", description)
    return found or Health("Progressing", "Waiting for status")


def _service_instance(obj: Manifest) -> Health:
    if get(obj, "metadata.deletionTimestamp") is not None:
        return Health("Progressing", "Resource is being deleted")
    failed = conditions(When("Succeeded", "False", "Degraded"), When("Failed", "True", "Degraded"))(obj)
    if failed:
        return failed
    if listed(obj, "status.conditions"):
        return Health("Healthy", "Ready to use")
    return Health("Progressing", "Waiting for status")


def _dns_service(obj: Manifest) -> Health:
    adopted, told, seen = (found_condition(obj, kind) for kind in ("Adopted", "Advertised", "Discoverable"))
    said = str(seen.get("message") or "")
    if adopted.get("status") == "False":
        return Health("Degraded", str(adopted.get("message") or ""))
    if told.get("reason") in ("AdvertiseError", "UnadvertiseError"):
        return Health("Degraded", str(told.get("message") or ""))
    if seen.get("reason") == "DiscoveryError":
        return Health("Unknown", said)
    return Health("Healthy" if seen.get("status") == "True" else "Progressing", said)


def _datadog(obj: Manifest) -> Health:
    bad, valid = found_condition(obj, "Error"), found_condition(obj, "Valid")
    if bad.get("status") == "True":
        said = ": ".join(str(bad[key]) for key in ("reason", "message") if bad.get(key))
        return Health("Degraded", said or "DatadogMetric reported an error")
    if valid.get("status") == "False":
        return Health("Degraded", str(valid.get("message") or "DatadogMetric is not valid"))
    return Health("Healthy", "DatadogMetric is healthy")


def _victoria(obj: Manifest) -> Health:
    waiting = "Waiting for the operator to reconcile"
    late = stale(waiting, strict=True)(obj)
    if obj.get("status") is None or late:
        return Health("Progressing", waiting)
    reason = str(get(obj, "status.reason") or "")
    told = {
        "operational": ("Healthy", "All components are operational"),
        "expanding": ("Progressing", reason or "Reconciliation in progress"),
        "paused": ("Suspended", reason or "Reconciliation is paused"),
        "failed": ("Degraded", reason or "Reconciliation failed"),
    }
    waiting = "Waiting for the operator to report status"
    return Health(*told.get(str(get(obj, "status.updateStatus")), ("Progressing", waiting)))


victoria_metrics: Check = _victoria
_ISTIO = {
    ("NONE", 0): ("Unknown", "Component is not present."),
    ("UPDATING", 1): ("Progressing", "Component is being updated to a different version."),
    ("RECONCILING", 2): (
        "Progressing",
        "Controller has started but not yet completed reconciliation loop for the component.",
    ),
    ("HEALTHY", 3): ("Healthy", "Component is healthy."),
    ("ERROR", 4): ("Degraded", "Component is in an error state."),
}
_CORALOGIX = ready("Waiting for status to be updated", healthy="Resource is ready", of="RemoteSynced")

RULES: dict[tuple[str, str], Check] = {
    ("keda.sh", "ScaledObject"): _scaled("Creating HorizontalPodAutoscaler Object"),
    ("keda.sh", "ScaledJob"): _scaled("Waiting for ScaledJob", job=True),
    ("sparkoperator.k8s.io", "SparkApplication"): _spark,
    ("flink.apache.org", "FlinkDeployment"): _flink,
    ("iammanager.keikoproj.io", "Iamrole"): _iam_role,
    ("k8s.keycloak.org", "Keycloak"): _keycloak,
    ("monitoring.coreos.com", "Prometheus"): _prometheus,
    ("nmstate.io", "NodeNetworkConfigurationPolicy"): _node_network,
    ("openfaas.com", "Function"): _function,
    ("opentelemetry.io", "OpenTelemetryCollector"): _collector,
    ("projectcontour.io", "HTTPProxy"): _contour,
    ("projectcontour.io", "ExtensionService"): _contour,
    ("services.cloud.sap.com", "ServiceBinding"): _service_instance,
    ("services.cloud.sap.com", "ServiceInstance"): _service_instance,
    ("proclaim.dogmatiq.io", "DNSSDServiceInstance"): _dns_service,
    ("datadoghq.com", "DatadogMetric"): _datadog,
    ("coralogix.com", "Alert"): _CORALOGIX,
    ("coralogix.com", "RecordingRuleGroupSet"): _CORALOGIX,
    ("install.istio.io", "IstioOperator"): first(
        field("status.status", {state: told for states, told in _ISTIO.items() for state in states}),
        always("Progressing", "Waiting for Istio Control Plane"),
    ),
    ("jaegertracing.io", "Jaeger"): first(
        field("status.phase", {"Running": ("Healthy", "Jaeger is Running"),
                               "Failed": ("Degraded", "Jaeger Failed For Some Reason")}),
        always("Progressing", "Waiting for Jaeger"),
    ),
    ("kiali.io", "Kiali"): first(
        conditions(When("Successful", "True", "Healthy"), When("Failure", "True", "Degraded"),
                   When("Running", None, "Progressing", reason="Running")),
        always("Progressing", "Waiting for Kiali"),
    ),
    ("operator.openshift.io", "IngressController"): first(
        conditions(When("Degraded", "True", "Degraded"),
                   When("DeploymentReplicasAllAvailable", "False", "Progressing"),
                   When("Progressing", "True", "Progressing", "{reason}"),
                   When("Available", "True", "Healthy", "IngressController is available")),
        always("Progressing", "Status of IngressController is not known yet"),
    ),
    ("apigee.cloud.google.com", "ApigeeDeployment"): first(
        field("status.state", {"running": ("Healthy", "Install of Apigee Deployment is done")}),
        always("Progressing", "An install plan for an Apigee Deployment is pending installation"),
    ),
}  # fmt: skip

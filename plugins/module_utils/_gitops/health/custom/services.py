# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Checks for kinds of secrets, certificates, policies and the operators of 3scale, Humio, Gloo and Grafana."""

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
    field,
    first,
    found_condition,
    get,
    listed,
    number,
    ready,
    stale,
)

_3SCALE = "capabilities.3scale.net"
_REPORTED, _UPDATED = "Waiting for the status to be reported", "Waiting for the status to be updated"
_HUMIO_STATES = {"Exists": "Healthy", "NotFound": "Missing", "ConfigError": "Degraded", "Unknown": "Unknown"}


def _order(kind: str) -> Check:
    """A challenge gives its reason while it is pending, an order only its state."""

    def check(obj: Manifest) -> Health:
        state, reason = get(obj, "status.state"), get(obj, "status.reason")
        said = f"{kind} is {state}"
        if not state:
            return Health("Progressing", f"Waiting for {kind.lower()}")
        if state == "valid":
            return Health("Healthy", said)
        if state in ("invalid", "expired", "errored"):
            return Health("Degraded", str(reason or said))
        return Health("Progressing", str(reason or said) if kind == "Challenge" else said)

    return check


def _external_secret(obj: Manifest) -> Health:
    """With a policy of "OnChange" a condition from before the last refresh does not count."""
    for one in listed(obj, "status.conditions"):
        old = str(one.get("lastTransitionTime") or "") < str(get(obj, "status.refreshTime") or "")
        if one.get("type") != "Ready" or (get(obj, "spec.refreshPolicy") == "OnChange" and old):
            continue
        if one.get("status") in ("True", "False"):
            status = "Healthy" if one["status"] == "True" else "Degraded"
            return Health(status, str(one.get("message") or ""))
    return Health("Progressing", "Waiting for ExternalSecret")


def _cluster_external_secret(obj: Manifest) -> Health:
    meant = {"Ready": "Healthy", "PartiallyReady": "Degraded", "NotReady": "Degraded"}
    found = listed(obj, "status.conditions")
    if found and found[-1].get("status") == "True" and found[-1].get("type") in meant:
        return Health(meant[found[-1]["type"]], str(found[-1].get("message") or ""))
    return Health("Progressing", "Waiting for ClusterExternalSecret")


def _old_external_secret(obj: Manifest) -> Health:
    state = str(get(obj, "status.status") or "")
    if state == "SUCCESS":
        return Health("Healthy", "Fetched ExternalSecret.")
    if state.startswith("ERROR"):
        return Health("Degraded", state.removeprefix("ERROR, "))
    return Health("Progressing", "Waiting for ExternalSecret.")


def _configuration_policy(obj: Manifest) -> Health | None:
    details = listed(obj, "status.compliancyDetails")
    if not details:
        return Health("Progressing", "Waiting for compliance")
    said = [f"{one.get('type')} - {one.get('message')}" for detail in details for one in detail.get("conditions") or []]
    status = "Healthy" if get(obj, "status.compliant") == "Compliant" else "Degraded"
    return Health(status, "; ".join(said))


def _policy(obj: Manifest) -> Health:
    """A root policy names clusters that do not comply, a replicated one the templates."""
    compliant, per_cluster = get(obj, "status.compliant"), get(obj, "status.status")
    if get(obj, "spec.disabled") is True:
        return Health("Healthy", "Policy is disabled")
    if compliant is None and per_cluster is None and listed(obj, "status.placement"):
        return Health("Healthy", "No clusters match this policy")
    if compliant is None:
        return Health("Progressing", _REPORTED)
    message = ""
    details = listed(obj, "status.details")
    if isinstance(per_cluster, list):
        bad = [str(one.get("clustername")) for one in per_cluster if one.get("compliant") != "Compliant"]
        message = f"NonCompliant clusters: {', '.join(bad)}" if bad else "All clusters are compliant"
    elif details:
        bad = [str(get(one, "templateMeta.name")) for one in details if one.get("compliant") != "Compliant"]
        message = f"NonCompliant templates: {', '.join(bad)}" if bad else "All templates are compliant"
    return Health("Healthy" if compliant == "Compliant" else "Degraded", message)


def _scale(
    kind: str, *extra: When, ok: tuple[str, str] = ("Ready", "ready"), failed: str = "synchronization failed"
) -> Check:
    """A kind of 3scale: the first condition that is True says it."""
    name = f"3scale {kind}"
    return first(
        conditions(
            When(ok[0], "True", "Healthy", f"?{name} is {ok[1]}"),
            When("Invalid", "True", "Degraded", f"?{name} configuration is invalid"),
            When("Orphan", "True", "Degraded", f"?{name} references non-existing resources"),
            When("Failed", "True", "Degraded", f"?{name} {failed}"),
            *extra,
        ),
        always("Progressing", f"Waiting for {name} status..."),
    )


def _api_manager(obj: Manifest) -> Health:
    available, name = found_condition(obj, "Available"), "3scale APIManager"
    deployments = get(obj, "status.deployments") or {}
    only_ready = deployments.get("ready") and not deployments.get("starting") and not deployments.get("stopped")
    if only_ready or available.get("status") == "True":
        return Health("Healthy", f"{name} is available")
    if available.get("reason"):
        return Health("Degraded", f"{name} is degraded: {available['reason']}")
    return Health("Progressing", f"Waiting for {name} status...")


def _scale_application(obj: Manifest) -> Health:
    known, name = found_condition(obj, "Ready"), "3scale Application"
    if get(obj, "status.state") == "suspended":
        return Health("Suspended", f"{name} is suspended")
    if known.get("status") == "True":
        return Health("Healthy", f"{name} is ready")
    if known:
        return Health("Degraded", str(known.get("message") or f"{name} is not ready"))
    return Health("Progressing", f"Waiting for {name} status...")


def _scale_tenant(obj: Manifest) -> Health:
    known = found_condition(obj, "Ready")
    created = number(obj, "status.tenantId") > 0 and number(obj, "status.adminId") > 0
    if known.get("status") == "True" and created:
        return Health("Healthy", "3scale Tenant is ready")
    if known and known.get("status") != "True":
        return Health("Degraded", str(known.get("message") or "3scale Tenant is degraded"))
    return Health("Progressing", "Waiting for 3scale Tenant status...")


def _humio_cluster(obj: Manifest) -> Health:
    """The operator's own text comes before ours."""
    meant = {
        "Running": ("Healthy", "Cluster is in a healthy running state"),
        "Restarting": ("Progressing", "Cluster pods are being restarted"),
        "Upgrading": ("Progressing", "Cluster pods are being upgraded"),
        "ConfigError": ("Degraded", "User-provided cluster specification resulted in a configuration error"),
        "Pending": ("Progressing", "Cluster is waiting on resources to be provisioned"),
        "Unknown": ("Unknown", "Component state: Unknown."),
    }
    status, said = meant.get(str(get(obj, "status.state")), ("Progressing", "Update in progress"))
    return Health(status, str(get(obj, "status.message") or said))


def _gloo(obj: Manifest) -> Health:
    """A status per controller, or one without a controller; states are words or numbers."""
    per_controller = get(obj, "status.statuses") or {}
    entries: list[Any] = [*per_controller.values()] if isinstance(per_controller, Mapping) else []
    for one in [*entries, obj.get("status") or {}]:
        state = one.get("state")
        if state in ("Accepted", 1):
            return Health("Healthy", "The resource has been validated")
        if state in ("Warning", 3, "Rejected", 2):
            return Health("Degraded", str(one.get("reason") or ""))
        if state == "Pending" or (state == 0 and state is not False):
            return Health("Suspended", "The resource has not yet been validated")
    return Health("Progressing", "Update in progress")


def _grafana(obj: Manifest) -> Health:
    stage, state = get(obj, "status.stage"), get(obj, "status.stageStatus")
    if state is None:
        return Health("Progressing", "Waiting for Grafana status info")
    if state == "failed":
        return Health("Degraded", f"Failed at stage {stage}")
    done = stage == "complete" and state == "success"
    return Health("Healthy") if done else Health("Progressing", str(stage or ""))


def _grafana_content(obj: Manifest) -> Health:
    """All conditions are told; one that is bad ends it."""
    status, said = "Progressing", []
    for one in listed(obj, "status.conditions"):
        if one.get("status") is None:
            continue
        said.append(f"{one.get('reason')} for {one.get('type')} because {one.get('message')}")
        good = "False" if one.get("type") == "FolderUIDMismatch" else "True"
        if one["status"] in ("True", "False"):
            status = "Healthy" if one["status"] == good else "Degraded"
        if status == "Degraded":
            break
    return Health(status, ", ".join(said))


def _grafana_source(obj: Manifest) -> Health:
    if not get(obj, "status.uid"):
        return Health("Progressing")
    if get(obj, "status.NoMatchingInstances"):
        return Health("Degraded", "can't find matching grafana instance")
    return Health("Healthy")


_ISSUER = ready("Initializing issuer")
_HUMIO = first(
    field("status.state", {state: (health, "Component state: {value}.") for state, health in _HUMIO_STATES.items()}),
    always("Progressing", "Update in progress"),
)
grafana_org = ready("Waiting ...")

RULES: dict[tuple[str, str], Check] = {
    ("cert-manager.io", "Certificate"): first(
        conditions(When("Issuing", "True", "Progressing")), ready("Waiting for certificate")),
    ("certmanager.k8s.io", "Certificate"): ready("Waiting for certificate"),
    **{(group, kind): _ISSUER for group in ("cert-manager.io", "certmanager.k8s.io")
       for kind in ("Issuer", "ClusterIssuer")},
    ("acme.cert-manager.io", "Challenge"): _order("Challenge"),
    ("acme.cert-manager.io", "Order"): _order("Order"),
    ("external-secrets.io", "ExternalSecret"): _external_secret,
    ("external-secrets.io", "ClusterExternalSecret"): _cluster_external_secret,
    **{("external-secrets.io", kind): ready(f"Waiting for {kind}") for kind in (
        "SecretStore", "ClusterSecretStore", "PushSecret")},
    ("kubernetes-client.io", "ExternalSecret"): _old_external_secret,
    ("bitnami.com", "SealedSecret"): ready("Waiting for Sealed Secret to be decrypted", of="Synced"),
    ("onepassword.com", "OnePasswordItem"): ready("Waiting for controller to report status"),
    ("kyverno.io", "Policy"): first(
        lambda obj: Health("Healthy", "Policy is ready") if any(
            (one.get("type"), one.get("status"), one.get("reason"), one.get("message"))
            == ("Ready", "True", "Succeeded", "Ready") for one in listed(obj, "status.conditions")) else None,
        always("Progressing", "Waiting for Policy to be ready")),
    ("policy.open-cluster-management.io", "Policy"): _policy,
    ("policy.open-cluster-management.io", "CertificatePolicy"): first(
        absent("status.compliant", "Progressing", _REPORTED),
        field("status.compliant", {"Compliant": ("Healthy", "All certificates found comply with the policy")},
              ("Degraded", "At least once certificate does not comply with the policy"))),
    ("policy.open-cluster-management.io", "ConfigurationPolicy"): first(
        absent("status.compliant", "Progressing", _REPORTED),
        stale(_UPDATED, "status.lastEvaluatedGeneration", strict=True),
        _configuration_policy),
    ("policy.open-cluster-management.io", "OperatorPolicy"): first(
        absent("status.conditions", "Progressing", _REPORTED),
        stale(_UPDATED),
        conditions(When("Compliant", "True", "Healthy"), When("Compliant", None, "Degraded")),
        always("Progressing", "Waiting for the compliance condition")),
    ("apps.3scale.net", "APIManager"): _api_manager,
    **{(_3SCALE, kind): _scale(kind) for kind in ("ActiveDoc", "CustomPolicyDefinition")},
    (_3SCALE, "ApplicationAuth"): _scale("ApplicationAuth", failed="failed"),
    **{(_3SCALE, kind): _scale(kind, ok=("Synced", "synced")) for kind in ("Backend", "Product")},
    (_3SCALE, "DeveloperAccount"): _scale("DeveloperAccount", When(
        "Waiting", "True", "Suspended", "?3scale DeveloperAccount is waiting for approval")),
    (_3SCALE, "DeveloperUser"): first(
        field("status.developerUserState", {
            "suspended": ("Suspended", "3scale Developer user is waiting for admin approval")}),
        _scale("DeveloperUser")),
    (_3SCALE, "OpenAPI"): _scale("OpenAPI", failed="reconciliation failed"),
    (_3SCALE, "ProxyConfigPromote"): _scale("ProxyConfigPromote", When(
        "In-progress", "True", "Progressing", "?3scale ProxyConfigPromote is in progress"), failed="failed"),
    (_3SCALE, "Application"): _scale_application,
    (_3SCALE, "Tenant"): _scale_tenant,
    **{("core.humio.com", f"Humio{kind}"): _HUMIO for kind in (
        "Action", "Alert", "IngestToken", "Parser", "Repository", "View")},
    ("core.humio.com", "HumioCluster"): _humio_cluster,
    **{("gateway.solo.io", kind): _gloo for kind in (
        "Gateway", "MatchableHttpGateway", "RouteOption", "RouteTable", "VirtualHostOption", "VirtualService")},
    **{("gloo.solo.io", kind): _gloo for kind in ("Proxy", "Settings", "Upstream", "UpstreamGroup")},
    ("grafana.integreatly.org", "Grafana"): _grafana,
    ("grafana.integreatly.org", "GrafanaDashboard"): _grafana_content,
    ("grafana.integreatly.org", "GrafanaFolder"): _grafana_content,
    ("grafana.integreatly.org", "GrafanaDatasource"): _grafana_source,
}  # fmt: skip

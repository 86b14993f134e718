# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Checks for Flux, and for kinds that stand for things of a cloud: Crossplane, Config Connector, AWS controllers."""

from __future__ import annotations

from ...._core.types import Manifest
from ..status import Health
from .rules import Check, When, always, conditions, field, first, flag, found_condition, get, listed


def _flux(also: tuple[str, ...] = (), *, failing: str = "Unknown", reasons: tuple[str, ...] = ()) -> Check:
    """A Flux kind: Ready and, where `also` is given, one more condition must be true.

    It is progressing while Ready is `failing` and something reconciles (for one of `reasons`, if given).
    """

    def check(obj: Manifest) -> Health:
        if get(obj, "spec.suspend") is True:
            return Health("Suspended", f"{obj['kind']} is suspended")
        if get(obj, "status.conditions") is None:
            return Health("Progressing", "Status unknown")
        running, done, message = 0, 0, ""
        for one in listed(obj, "status.conditions"):
            kind, status, reason = one.get("type"), one.get("status"), str(one.get("reason") or "")
            if kind == "Ready":
                running, done, message = running + (status == failing), done + (status == "True"), reason
            elif status == "True" and kind == "Reconciling":
                running += not reasons or reason in reasons
            elif status == "True" and kind == "ArtifactOutdated" and "ArtifactInStorage" in also:
                message += f" {reason}"
            elif status == "True" and kind in also:
                done += 1
        if running == 2:
            return Health("Progressing", message)
        return Health("Healthy" if done == (2 if also else 1) else "Degraded", message)

    return check


def _receiver(obj: Manifest) -> Health:
    if get(obj, "status.conditions") is None:
        return Health("Progressing", "Status unknown")
    state = found_condition(obj, "Ready")
    return Health("Healthy" if state.get("status") == "True" else "Degraded", str(state.get("reason") or ""))


_ARTIFACT = _flux(("ArtifactInStorage",))
_OCI = "Helm repositories of type 'oci' do not contain any information in the status."

_USERS = ("ProviderConfig", "ClusterProviderConfig")
_UP_TO_DATE = "Resource is up-to-date."
_NO_STATUS = {
    "crossplane": (
        "Composition", "CompositionRevision", "DeploymentRuntimeConfig", "ClusterProviderConfig", "ProviderConfig",
        "ProviderConfigUsage", "ControllerConfig",
    ),
    "upbound": ("ClusterProviderConfig", "ProviderConfig", "ProviderConfigUsage"),
}  # fmt: skip
_GOOD = {
    "crossplane": ("Ready", "Healthy", "Offered", "Established", "ValidPipeline", "RevisionHealthy"),
    "upbound": ("Ready",),
}


def managed(project: str) -> Check:
    """Kinds of a Crossplane provider. `project`: crossplane or upbound."""

    def check(obj: Manifest) -> Health:
        kind, status = obj.get("kind"), obj.get("status") or {}
        if obj.get("status") is None or (not status and kind in _NO_STATUS[project]):
            return Health("Healthy", _UP_TO_DATE)
        found = Health("Progressing", "Provisioning ...")
        if status.get("conditions") is None:
            used = kind in _USERS and status.get("users") is not None
            return Health("Healthy", "Resource is in use.") if used else found
        for one in listed(obj, "status.conditions"):
            if one.get("type") in ("LastAsyncOperation", "Synced") and one.get("status") == "False":
                return Health("Degraded", str(one.get("message") or ""))
            if one.get("type") in _GOOD[project] and one.get("status") == "True":
                found = Health("Healthy", _UP_TO_DATE)
                if project == "crossplane":
                    return found
        return found

    return check


def _aws(name: str) -> Check:
    """A kind of Crossplane's AWS provider that says Ready and Synced apart."""

    def check(obj: Manifest) -> Health:
        if get(obj, "status.conditions") is None:
            return Health("Progressing", f"Waiting for {name} to be created")
        state, synced = found_condition(obj, "Ready"), found_condition(obj, "Synced")
        is_ready, is_synced = state.get("status") == "True", synced.get("status") == "True"
        paused = synced.get("reason") == "ReconcilePaused"
        if is_ready and is_synced:
            return Health("Healthy", str(state.get("reason") or ""))
        if paused and not is_synced:
            return Health("Suspended", "ReconcilePaused")
        if is_synced and not paused:
            return Health("Progressing", f"Waiting for {name} to be available")
        said = synced.get("message") if synced.get("reason") == "ReconcileError" else ""
        return Health("Degraded", str(said or ""))

    return check


def _provider(obj: Manifest) -> Health:
    if get(obj, "status.conditions") is None:
        return Health("Progressing", "Waiting for provider to be installed")
    both = [found_condition(obj, kind) for kind in ("Installed", "Healthy")]
    good = all(one.get("status") == "True" for one in both)
    return Health("Healthy" if good else "Degraded", " ".join(str(one.get("reason") or "") for one in both))


def config_connector(obj: Manifest) -> Health:
    """Kinds of Google's Config Connector."""
    waiting = Health("Progressing", "Update in progress")
    seen = get(obj, "status.observedGeneration")
    if seen is not None and seen != get(obj, "metadata.generation"):
        return waiting
    healthy = get(obj, "status.healthy")
    if obj.get("kind") in ("ConfigConnector", "ConfigConnectorContext") and healthy is not None:
        good = healthy is True
        return Health("Healthy" if good else "Degraded", f"{obj['kind']} is {'' if good else 'not '}healthy")
    reasons = conditions(
        When("", "True", "Healthy", reason="UpToDate"),
        When("", None, "Degraded", reason="UpdateFailed"),
        When("", None, "Degraded", reason="DependencyNotFound"),
        When("", None, "Suspended", reason="DependencyNotReady"),
    )
    return reasons(obj) or waiting


AWS_CONTROLLERS = first(
    conditions(
        When("ACK.Terminal", "True", "Degraded"),
        When("Ready", "False", "Progressing"),
        When("Ready", "True", "Healthy", ""),
    ),
    always("Progressing", "Waiting for resource to be ready"),
)


_FLUX_IMAGE = _flux(failing="False", reasons=("NewGeneration", "AccessingRepository", "ApplyingPolicy"))
_SOURCE, _IMAGE = "source.toolkit.fluxcd.io", "image.toolkit.fluxcd.io"

RULES: dict[tuple[str, str], Check] = {
    ("helm.toolkit.fluxcd.io", "HelmRelease"): _flux(("Released", "TestSuccess")),
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): _flux(),
    (_SOURCE, "Bucket"): _ARTIFACT,
    (_SOURCE, "GitRepository"): _ARTIFACT,
    (_SOURCE, "HelmChart"): _ARTIFACT,
    (_SOURCE, "OCIRepository"): _ARTIFACT,
    (_SOURCE, "HelmRepository"): first(
        flag("spec.suspend", "Suspended", "{kind} is suspended"),
        field("spec.type", {"oci": ("Healthy", _OCI)}),
        _ARTIFACT,
    ),
    (_IMAGE, "ImagePolicy"): _FLUX_IMAGE,
    (_IMAGE, "ImageRepository"): _flux(failing="False", reasons=("NewGeneration", "Scanning")),
    (_IMAGE, "ImageUpdateAutomation"): _flux(),
    ("notification.toolkit.fluxcd.io", "Receiver"): _receiver,
    ("cloudfront.aws.crossplane.io", "Distribution"): _aws("distribution"),
    ("iam.aws.crossplane.io", "Role"): _aws("Role"),
    ("iam.aws.crossplane.io", "Policy"): _aws("Policy"),
    ("iam.aws.crossplane.io", "RolePolicyAttachment"): _aws("RolePolicyAttachment"),
    ("rds.aws.crossplane.io", "DBInstance"): _aws("DBInstance"),
    ("rds.aws.crossplane.io", "DBCluster"): _aws("DBCluster"),
    ("route53.aws.crossplane.io", "ResourceRecordSet"): _aws("resourcrecordset"),
    ("pkg.crossplane.io", "Provider"): _provider,
    ("stacks.crossplane.io", "ClusterStackInstall"): first(
        conditions(
            When("Ready", "True", "Healthy", "{reason}"),
            When("Ready", None, "Progressing", "{reason}"),
            path="status.conditionedStatus.conditions",
        ),
        always("Progressing", "Waiting for stack to be installed"),
    ),
}

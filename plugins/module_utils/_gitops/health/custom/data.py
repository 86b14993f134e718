# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Checks for kinds that hold data: databases, search engines, storage and what backs them up."""

from __future__ import annotations

from collections.abc import Mapping
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
    found_condition,
    get,
    listed,
    number,
)

_REPORT = (
    "Ensure your ArgoCD is current and then check for/file a bug report: https://github.com/argoproj/argo-cd/issues"
)
_ASTRA = {"Completed": ("Healthy", "{kind} Completed"), "Running": ("Progressing", "{kind} Running")}
_CNPG_PHASES = {
    "Cluster in healthy state": "Healthy",
    **dict.fromkeys(
        (
            "Setting up primary",
            "Creating a new replica",
            "Upgrading cluster",
            "Waiting for the instances to become active",
            "Promoting to primary cluster",
        ),
        "Progressing",
    ),
    **dict.fromkeys(
        (
            "Switchover in progress",
            "Failing over",
            "Upgrading Postgres major version",
            "Cluster upgrade delayed",
            "Waiting for user action",
            "Primary instance is being restarted in-place",
            "Primary instance is being restarted without a switchover",
            "Cluster cannot execute instance online upgrade due to missing architecture binary",
            "Online upgrade in progress",
            "Applying configuration",
        ),
        "Degraded",
    ),
    **dict.fromkeys(
        (
            "Unable to create required cluster objects",
            "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
            "Cluster has incomplete or invalid image catalog",
            "Cluster is unrecoverable and needs manual intervention",
        ),
        "Suspended",
    ),
}


def _cnpg(obj: Manifest) -> Health:
    """The operator's phase is a sentence; what it means is in a table."""
    if (get(obj, "metadata.annotations") or {}).get("cnpg.io/reconciliationLoop") == "disabled":
        return Health("Suspended", "Cluster reconciliation is suspended")
    reason = str(get(obj, "status.phaseReason") or "")
    if not listed(obj, "status.conditions"):
        return Health("Progressing", reason)
    asleep = found_condition(obj, "cnpg.io/hibernation")
    if asleep:
        return Health("Suspended" if asleep.get("status") == "True" else "Degraded", str(asleep.get("message") or ""))
    return Health(_CNPG_PHASES.get(str(get(obj, "status.phase")), "Unknown"), reason)


def _nodes(obj: Manifest) -> str:
    return f"{int(number(obj, 'status.ready'))}/{int(number(obj, 'status.size'))} node(s) are ready"


def _mongodb(obj: Manifest) -> Health:
    if obj.get("status") is None:
        return Health("Unknown", "Cluster status is unknown")
    meant = {"initializing": "Progressing", "stopping": "Progressing", "ready": "Healthy", "error": "Degraded"}
    meant["paused"] = "Suspended"
    return Health(meant.get(str(get(obj, "status.state")), "Unknown"), _nodes(obj))


def _xtradb(obj: Manifest) -> Health:
    errors = ", ".join(str(one) for one in listed(obj, "status.message"))
    meant = {
        "initializing": ("Progressing", _nodes(obj)),
        "ready": ("Healthy", _nodes(obj)),
        "paused": ("Unknown", "Cluster is paused"),
        "stopping": ("Degraded", f"Cluster is stopping ({_nodes(obj)})"),
        "error": ("Degraded", f"Cluster is on error: {errors}"),
    }
    return Health(*meant.get(str(get(obj, "status.state")), ("Unknown", f"Cluster status is unknown. {_REPORT}")))


def _mariadb(obj: Manifest) -> Health:
    """The first condition that is False counts, else what the last one says."""
    found = listed(obj, "status.conditions")
    for one in found:
        if one.get("status") == "False":
            failed = one.get("reason") == "Failed" and str(obj.get("apiVersion", "")).startswith("k8s.mariadb.com/")
            return Health("Degraded" if failed else "Progressing", str(one.get("message") or ""))
    if not found:
        return Health("Progressing", "No status info available")
    return Health("Healthy", str(found[-1].get("message") or ""))


def _mariadb_backup(obj: Manifest) -> Health:
    found = Health("Progressing", "No status info available")
    for one in listed(obj, "status.conditions"):
        said = f"{one.get('reason') or ''} {one.get('message') or ''}"
        if one.get("status") == "False":
            return Health("Degraded" if said == "CronJobScheduled Failed" else "Progressing", said)
        found = Health("Healthy", said)
    return found


def _sql_job(obj: Manifest) -> Health:
    found = Health("Progressing", "No status info available")
    for one in listed(obj, "status.conditions"):
        said = f"{one.get('reason') or ''} {one.get('message') or ''}"
        if one.get("status") == "True" and one.get("reason") in ("JobComplete", "JobFailed"):
            return Health("Healthy" if one["reason"] == "JobComplete" else "Degraded", said)
        found = Health("Progressing", said)
    return found


def _spilo(obj: Manifest) -> Health:
    state = get(obj, "status.PostgresClusterStatus")
    if state is None:
        return Health("Progressing", "Waiting for postgres cluster status...")
    meant = {"Running": "Healthy", "Creating": "Progressing", "Updating": "Progressing"}
    return Health(meant.get(str(state), "Degraded"), str(state))


def _clickhouse(name: str) -> Check:
    return first(
        field(
            "status.status",
            {
                "Completed": ("Healthy", f"{name} installation completed successfully"),
                "InProgress": ("Progressing", f"{name} installation in progress"),
            },
            ("Degraded", f"{name} status: {{value}}"),
        ),
        always("Progressing", f"{name} status not yet available"),
    )


def _elasticsearch(obj: Manifest) -> Health:
    """Fewer nodes than wanted, then the phase, then the colour."""
    wanted = int(sum(number(one, "count") for one in listed(obj, "spec.nodeSets")))
    have, phase, colour = int(number(obj, "status.availableNodes")), get(obj, "status.phase"), get(obj, "status.health")
    if obj.get("status") is not None and have < wanted:
        text = f"The desired amount of nodes is {wanted} but the amount of availableNodes is {have}"
        return Health("Progressing", text)
    if phase == "Ready" and colour == "green":
        return Health("Healthy", "Elasticsearch Cluster status is Green")
    if phase == "Ready" and colour in ("yellow", "red"):
        hint = "Check the status of indices, replicas and shards"
        return Health("Degraded", f"Elasticsearch Cluster status is {str(colour).title()}. {hint}")
    if phase in ("ApplyingChanges", "MigratingData", "Invalid"):
        return Health("Degraded" if phase == "Invalid" else "Progressing", f"Elasticsearch phase is {phase}")
    return Health("Unknown", f"Elasticsearch Cluster status is unknown. {_REPORT}")


def _beat(obj: Manifest) -> Health:
    colour = get(obj, "status.health")
    have, wanted = get(obj, "status.availableNodes"), get(obj, "status.expectedNodes")
    if colour in ("red", "green"):
        return Health("Degraded" if colour == "red" else "Healthy", f"Elastic Beat status is {str(colour).title()}")
    if colour == "yellow" or (colour is None and wanted is not None):
        if have is not None and wanted is not None:
            text = f"Elastic Beat status is deploying, there is {have} instance(s) on {wanted} expected"
            return Health("Progressing", text)
        return Health("Progressing", "Elastic Beat phase is progressing")
    return Health("Unknown", f"Elastic Beat status is unknown. {_REPORT}")


def _ceph_cluster(obj: Manifest) -> Health:
    """Ceph's own health, with its details, then the operator's state, then its text."""
    if obj.get("status") is None:
        return Health("Progressing", "Waiting for status to be reported")
    status, said = "Progressing", []
    health = get(obj, "status.ceph.health")
    if health:
        status = {"HEALTH_OK": "Healthy"}.get(str(health), "Degraded")
        details: Mapping[str, Any] = get(obj, "status.ceph.details") or {}
        more = "; ".join(str(details[name].get("message") or "") for name in sorted(details))
        said.append(f"Ceph health is {health}" + (f" ({more})" if more else ""))
    state = get(obj, "status.state")
    if status == "Healthy" and state:
        meant = {"Created": "Healthy", "Connected": "Healthy", "Error": "Degraded"}
        status = meant.get(str(state), "Progressing")
        said.append(f"Ceph cluster state is {state}")
    if get(obj, "status.message"):
        said.append(str(get(obj, "status.message")))
    return Health(status, " - ".join(said))


def _ceph_store(obj: Manifest) -> Health:
    phase, endpoint = get(obj, "status.phase"), get(obj, "status.info.endpoint")
    if obj.get("status") is None or phase is None:
        return Health("Progressing", "Waiting for status to be reported")
    said = f"Ceph object store phase is {phase}" + (f" - endpoint: {endpoint}" if endpoint else "")
    return Health({"Ready": "Healthy", "Failure": "Degraded"}.get(str(phase), "Progressing"), said)


def _cassandra(obj: Manifest) -> Health:
    racks = get(obj, "status.racks")
    if isinstance(racks, Mapping) and all(one.get("members") == one.get("readyMembers") for one in racks.values()):
        return Health("Healthy")
    return Health("Progressing", "Waiting for Cassandra Cluster")


def _minio(obj: Manifest) -> Health:
    state = get(obj, "status.currentState")
    if state is None:
        return Health("Progressing", "No status info available")
    broken = (
        "Statefulset not controlled by operator",
        "Another MinIO Tenant already exists in the namespace",
        "Different versions across MinIO Pools",
        "Pool Decommissioning Not Allowed",
    )
    meant = {"Initialized": "Healthy", **dict.fromkeys(broken, "Degraded")}
    return Health(meant.get(str(state), "Progressing"), str(state))


def _solr(obj: Manifest) -> Health:
    nodes = listed(obj, "status.solrNodes")
    if not nodes:
        return Health("Progressing", "Waiting for solr to exist")
    if not all(one.get("ready") for one in nodes):
        return Health("Progressing", "Not all replicas are ready")
    return Health("Healthy", "Solr is ready")


def _astra_application(obj: Manifest) -> Health:
    known = found_condition(obj, "Ready")
    if known.get("status") == "True":
        text = f"Astra Application Ready, protectionState: {get(obj, 'status.protectionState')}"
        return Health("Healthy", text)
    if known.get("status") == "False":
        return Health("Degraded", f"Astra Application Degraded, message: {known.get('message') or ''}")
    return Health("Progressing", "No status available")


def _astra_schedule(obj: Manifest) -> Health:
    last = get(obj, "status.lastScheduleTime")
    if last is None:
        return Health("Healthy", "Protection policy not yet executed")
    return Health("Healthy", f"Protection policy lastScheduleTime: {last}")


_ASTRA_WORK = first(
    field("status.state", _ASTRA, ("Degraded", "{value}")), always("Progressing", "No status available")
)
_OCS = "StorageCluster is still being initialized or is in an unknown state."

RULES: dict[tuple[str, str], Check] = {
    ("postgresql.cnpg.io", "Cluster"): _cnpg,
    ("acid.zalan.do", "postgresql"): _spilo,
    ("psmdb.percona.com", "PerconaServerMongoDB"): _mongodb,
    ("pxc.percona.com", "PerconaXtraDBCluster"): _xtradb,
    ("k8s.mariadb.com", "MariaDB"): _mariadb,
    ("mariadb.mmontes.io", "MariaDB"): _mariadb,
    ("k8s.mariadb.com", "Backup"): _mariadb_backup,
    ("k8s.mariadb.com", "SqlJob"): _sql_job,
    ("clickhouse.altinity.com", "ClickHouseInstallation"): _clickhouse("ClickHouse"),
    ("clickhouse-keeper.altinity.com", "ClickHouseKeeperInstallation"): _clickhouse("ClickHouseKeeper"),
    ("elasticsearch.k8s.elastic.co", "Elasticsearch"): _elasticsearch,
    ("beat.k8s.elastic.co", "Beat"): _beat,
    ("logstash.k8s.elastic.co", "Logstash"): first(
        field("status.health", {"green": ("Healthy", "Logstash status is Green"),
                                "yellow": ("Progressing", "Logstash status is Yellow"),
                                "red": ("Degraded", "Logstash status is Red")}),
        always("Unknown", f"Logstash status is unknown. {_REPORT}"),
    ),
    ("ceph.rook.io", "CephCluster"): _ceph_cluster,
    ("ceph.rook.io", "CephObjectStore"): _ceph_store,
    ("cassandra.rook.io", "Cluster"): _cassandra,
    ("minio.min.io", "Tenant"): _minio,
    ("solr.apache.org", "SolrCloud"): _solr,
    ("ocs.openshift.io", "StorageCluster"): first(
        each(When("Degraded", "True", "Degraded"), When("Progressing", "True", "Progressing"),
             When("Available", "True", "Healthy")),
        always("Progressing", _OCS),
    ),
    ("trident.netapp.io", "TridentOrchestrator"): lambda obj: (
        Health("Healthy", str(get(obj, "status.message") or ""))
        if get(obj, "status.status") == "Installed"
        else Health("Progressing", "Waiting for trident installation")),
    ("astra.netapp.io", "AppVault"): first(
        field("status.state", {**dict.fromkeys(("available", "Available"), ("Healthy", "{kind} Available")),
                               **dict.fromkeys(("failed", "Failed"), ("Degraded", "{kind} Failed"))}),
        always("Progressing", "No status available"),
    ),
    ("astra.netapp.io", "Application"): _astra_application,
    ("astra.netapp.io", "Schedule"): _astra_schedule,
    ("astra.netapp.io", "ExecHook"): first(
        field("spec.enabled", {True: ("Healthy", "{kind} enabled"), False: ("Suspended", "{kind} disabled")}),
        always("Progressing", "No status available"),
    ),
    **{("astra.netapp.io", kind): _ASTRA_WORK for kind in (
        "Backup", "ResourceBackup", "ResticVolumeBackup", "Snapshot", "ExecHooksRun")},
    ("db.atlasgo.io", "AtlasMigration"): first(
        conditions(When("Ready", "True", "Healthy", "{reason}"),
                   When("Ready", None, "Progressing", "{reason}", reason="Reconciling"),
                   When("Ready", None, "Degraded", "{reason}")),
        always("Progressing", "Waiting for Atlas Operator"),
    ),
}  # fmt: skip

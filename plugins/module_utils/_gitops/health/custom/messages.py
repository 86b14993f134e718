# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Checks for kinds that carry messages: Kafka and RabbitMQ, and what coordinates them."""

from __future__ import annotations

from collections.abc import Mapping

from ...._core.types import Manifest
from ..status import Health
from .rules import Check, always, field, first, found_condition, get, listed, number


def _zookeeper(obj: Manifest) -> Health:
    have = number(obj, "status.readyReplicas")
    if have and have == number(obj, "status.replicas"):
        return Health("Healthy", "All ZK Nodes have joined the ensemble")
    return Health("Progressing", "Waiting for ZK Nodes to join the ensemble")


def _strimzi(waiting: str) -> Check:
    """A cluster that is being created is "NotReady" as well."""

    def check(obj: Manifest) -> Health:
        for one in listed(obj, "status.conditions"):
            if one.get("status") != "True":
                continue
            if one.get("type") == "Ready":
                return Health("Healthy")
            creating = obj.get("kind") == "Kafka" and one.get("reason") == "Creating"
            if one.get("type") == "NotReady" and not creating:
                return Health("Degraded", str(one.get("message") or ""))
        return Health("Progressing", waiting)

    return check


def _banzai(obj: Manifest) -> Health:
    brokers = get(obj, "status.brokersState")
    waiting = Health("Progressing", "Waiting for KafkaCluster")
    if not isinstance(brokers, Mapping) or not brokers:
        return waiting
    wanted = len(brokers)
    fine = ("GracefulUpscaleSucceeded", "GracefulDownscaleSucceeded")
    states = [
        one
        for one in brokers.values()
        if one.get("configurationState") == "ConfigInSync"
        and get(one, "gracefulActionState.cruiseControlState") in fine
    ]
    if len(states) != wanted:
        return Health("Degraded", "Broker Config is out of Sync or CruiseControlState is not Ready")
    topic, state = get(obj, "status.cruiseControlTopicStatus"), get(obj, "status.state")
    if topic == "CruiseControlTopicReady" and state == "ClusterRunning":
        return Health("Healthy", "Kafka Brokers, CruiseControl and cluster are in Healthy State.")
    if topic in (None, "CruiseControlTopicNotReady"):
        said = {
            "ClusterReconciling": "Kafka Cluster is Reconciling.",
            "ClusterRollingUpgrading": "Kafka Cluster is Rolling Upgrading.",
        }
        return Health("Progressing", said.get(str(state), waiting.message))
    return waiting


def _rabbitmq(obj: Manifest) -> Health:
    name = str(obj.get("kind", "")).lower()
    for one in listed(obj, "status.conditions"):
        if one.get("type") == "Ready":
            result = one.get("status"), one.get("reason")
            if result == ("True", "SuccessfulCreateOrUpdate"):
                return Health("Healthy", f"RabbitMQ {name} ready")
            if result == ("False", "FailedCreateOrUpdate"):
                return Health("Degraded", f"RabbitMQ {name} failed to be created or updated")
    return Health("Unknown", f"RabbitMQ {name} status is unknown")


def _rabbitmq_cluster(obj: Manifest) -> Health:
    done, open_, all_ = (found_condition(obj, x) for x in ("ReconcileSuccess", "ClusterAvailable", "AllReplicasReady"))
    states = open_.get("status"), all_.get("status")
    if done.get("status") == "False":
        return Health("Degraded", str(done.get("message") or ""))
    if "Unknown" in states:
        return Health("Progressing", "Waiting for RabbitMQ cluster readiness (conditions unknown)")
    if states[1] == "False" and all_.get("reason") == "ScaledToZero" and get(obj, "spec.replicas") == 0:
        return Health("Suspended", "RabbitmqCluster is scaled to 0 replicas")
    if states[0] == "False":
        return Health("Progressing", "Waiting for RabbitMQ cluster formation")
    if states[1] == "False":
        return Health("Progressing", "Waiting for RabbitMQ instances ready")
    if states == ("True", "True"):
        return Health("Healthy", "RabbitMQ cluster ready")
    return Health("Progressing", "Waiting for RabbitMQ Operator")


_CONFLUENT = first(
    field(
        "status.phase",
        {"RUNNING": ("Healthy", "{kind} running"), "PROVISIONING": ("Progressing", "{kind} provisioning")},
    ),
    always("Progressing", "Waiting for {kind}"),
)


def _connector(obj: Manifest) -> Health:
    failed, state = get(obj, "status.failedTasksCount"), get(obj, "status.state")
    if state == "ERROR":
        found = listed(obj, "status.conditions")
        return Health("Degraded", str(found[0].get("message") or "") if found else "No conditions available")
    if failed is not None and int(failed) > 0:
        return Health("Degraded", "Connector has failed tasks")
    if state == "CREATED" and get(obj, "status.connectorState") == "RUNNING" and failed is None:
        return Health("Healthy", "Connector running")
    return Health("Progressing", "Waiting for Kafka Connector")


RULES: dict[tuple[str, str], Check] = {
    ("zookeeper.pravega.io", "ZookeeperCluster"): _zookeeper,
    ("kafka.strimzi.io", "Kafka"): _strimzi("Waiting for Kafka Cluster"),
    **{("kafka.strimzi.io", f"Kafka{name}"): _strimzi(f"Waiting for Kafka{given}") for name, given in {
        "Bridge": "Bridge", "Connect": " Connect", "Connector": "Connector"}.items()},
    ("kafka.banzaicloud.io", "KafkaCluster"): _banzai,
    ("rabbitmq.com", "RabbitmqCluster"): _rabbitmq_cluster,
    **{("rabbitmq.com", kind): _rabbitmq for kind in (
        "Binding", "Exchange", "Permission", "Policy", "Queue", "User", "Vhost", "Shovel")},
    **{("platform.confluent.io", kind): _CONFLUENT for kind in (
        "Connect", "ControlCenter", "Kafka", "KafkaRestProxy", "KsqlDB", "SchemaRegistry", "Zookeeper")},
    ("platform.confluent.io", "Connector"): _connector,
}  # fmt: skip

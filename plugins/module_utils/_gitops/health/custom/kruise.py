# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Checks for the kinds of OpenKruise: workloads with partitions, which wait for a person at each of them."""

from __future__ import annotations

from ...._core.types import Manifest
from ..status import Health
from .rules import Check, get, listed, number

_APPS, _GAME = "apps.kruise.io", "game.kruise.io"


def _observed(obj: Manifest) -> bool:
    return bool(obj.get("status")) and get(obj, "metadata.generation") == get(obj, "status.observedGeneration")


def _workload(name: str, strategy: str, updated: str) -> Check:
    """A clone set or stateful set; `strategy` is where paused and partition are."""

    def check(obj: Manifest) -> Health:
        waiting = Health("Progressing", "Waiting for initialization")
        if not _observed(obj):
            return waiting
        available, total = get(obj, "status.updatedAvailableReplicas"), get(obj, "status.replicas")
        if get(obj, f"{strategy}.paused") is True or available is None:
            return Health("Suspended", f"{name} is paused")
        if get(obj, f"{strategy}.partition") != 0 and number(obj, "metadata.generation") > 1:
            return (
                Health("Suspended", f"{name} needs manual intervention")
                if _reached(obj, strategy, updated)
                else waiting
            )
        if available == total:
            return Health("Healthy", f"All {name} workloads are ready and updated")
        return Health("Degraded", "Some replicas are not ready or available")

    return check


def _reached(obj: Manifest, strategy: str, expected: str) -> bool:
    if expected:
        return number(obj, "status.updatedReplicas") >= number(obj, expected)
    rest = number(obj, "status.replicas") - number(obj, f"{strategy}.partition")
    return number(obj, "status.updatedReplicas") > rest


def _daemon_set(obj: Manifest) -> Health:
    waiting, way = Health("Progressing", "Waiting for initialization"), "spec.updateStrategy.rollingUpdate"
    if not _observed(obj):
        return waiting
    updated, wanted = get(obj, "status.updatedNumberScheduled"), get(obj, "status.desiredNumberScheduled")
    if get(obj, f"{way}.paused") is True or updated is None:
        return Health("Suspended", "Daemonset is paused")
    if get(obj, f"{way}.partition") != 0 and number(obj, "metadata.generation") > 1:
        reached = updated > number(obj, "status.desiredNumberScheduled") - number(obj, f"{way}.partition")
        return Health("Suspended", "Daemonset needs manual intervention") if reached else waiting
    if updated == wanted == get(obj, "status.numberAvailable"):
        return Health("Healthy", "All Daemonset workloads are ready and updated")
    if updated == wanted == get(obj, "status.numberUnavailable"):
        return Health("Degraded", "Some pods are not ready or available")
    return waiting


def _cron_job(obj: Manifest) -> Health:
    scheduled = get(obj, "status.lastScheduleTime")
    if scheduled is None and get(obj, "spec.paused") is True:
        return Health("Suspended", "AdvancedCronJob is Paused")
    if listed(obj, "status.active"):
        return Health("Progressing", "AdvancedCronJobs has active jobs")
    if scheduled is None:
        return Health("Degraded", "AdvancedCronJobs has not run successfully")
    return Health("Healthy", "AdvancedCronJobs has run successfully")


def _broadcast_job(obj: Manifest) -> Health:
    phase = get(obj, "status.phase")
    if phase == "completed" and get(obj, "status.desired") == get(obj, "status.succeeded"):
        return Health("Healthy", "BroadcastJob is completed successfully")
    if phase == "failed" and get(obj, "status.failed") != 0:
        return Health("Degraded", "BroadcastJob failed")
    if phase == "paused" and get(obj, "spec.paused") is True:
        return Health("Suspended", "BroadcastJob is Paused")
    return Health("Progressing", "BroadcastJob is still running")


def _game_server(obj: Manifest) -> Health:
    if not obj.get("status"):
        return Health("Unknown", "Waiting for GameServer to be ready")
    now, wanted = get(obj, "status.currentState"), get(obj, "status.desiredState")
    if now != wanted:
        return Health("Progressing", f"State change: {now or 'Unknown'} \N{RIGHTWARDS ARROW} {wanted or 'Unknown'}")
    pods = listed(obj, "status.podStatus.conditions")
    if any(one.get("type") == "KruisePodReady" and one.get("status") != "True" for one in pods):
        return Health("Degraded", "Pod is not ready: KruisePodReady")
    if now == "Ready":
        return Health("Healthy", "GameServer is Ready")
    return Health("Unknown", "Waiting for GameServer to be ready")


def _game_server_set(obj: Manifest) -> Health:
    waiting, way = (
        Health("Progressing", "Waiting for GameServerSet initialization"),
        "spec.updateStrategy.rollingUpdate",
    )
    if not _observed(obj):
        return waiting
    if get(obj, f"{way}.paused") is True:
        return Health("Suspended", "GameServerSet is paused")
    partition, total = number(obj, f"{way}.partition"), number(obj, "status.replicas")
    if partition and number(obj, "status.updatedReplicas") >= total - partition:
        return Health("Suspended", f"Partition={partition}, waiting for manual intervention")
    if number(obj, "status.updatedReadyReplicas") == total:
        return Health("Healthy", "All GameServerSet replicas are updated and ready")
    ready = number(obj, "status.readyReplicas")
    return Health("Progressing", f"ReadyReplicas {ready}/{total}, still progressing") if ready < total else waiting


def _rollout(obj: Manifest) -> Health:
    if _observed(obj):
        step, phase = get(obj, "status.canaryStatus.currentStepState"), get(obj, "status.phase")
        if (step, phase) == ("StepPaused", "Progressing"):
            return Health("Suspended", "Rollout is Paused need manual intervention")
        if (step, phase) == ("Completed", "Healthy"):
            return Health("Healthy", "Rollout is Completed")
        if step == "StepPaused" and phase in ("Terminating", "Disabled"):
            return Health("Degraded", "Rollout is Disabled or Terminating")
    return Health("Progressing", "Rollout is still progressing")


RULES: dict[tuple[str, str], Check] = {
    (_APPS, "CloneSet"): _workload("Cloneset", "spec.updateStrategy", "status.expectedUpdatedReplicas"),
    (_APPS, "StatefulSet"): _workload("Statefulset", "spec.updateStrategy.rollingUpdate", ""),
    (_APPS, "DaemonSet"): _daemon_set,
    (_APPS, "AdvancedCronJob"): _cron_job,
    (_APPS, "BroadcastJob"): _broadcast_job,
    (_GAME, "GameServer"): _game_server,
    (_GAME, "GameServerSet"): _game_server_set,
    ("rollouts.kruise.io", "Rollout"): _rollout,
}

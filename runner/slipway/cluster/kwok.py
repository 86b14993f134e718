# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fake nodes: KWOK plays the kubelet for state machines. What a program does, it cannot show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from slipway import state
from slipway.cluster import processes

MARK = "kwok.x-k8s.io/node"
BEHAVIOUR = "slipway.dev/pod"  # annotation of pods: "fail" or "pending"
TAINT = {"key": "slipway.dev/fake", "value": "true", "effect": "NoSchedule"}


def start(folder: Path, programs: Mapping[str, Path]) -> None:
    """Start KWOK with our stages; it takes the nodes that carry the mark, and no others."""
    text = "---\n".join(yaml.safe_dump(stage, sort_keys=False) for stage in stages())
    state.write_private(folder / "kwok.yaml", text)
    processes.start("kwok", [
        str(programs["kwok"]), f"--kubeconfig={folder / 'admin.kubeconfig'}", f"--config={folder / 'kwok.yaml'}",
        f"--manage-nodes-with-annotation-selector={MARK}=fake", "--cidr=10.244.0.1/16", "--node-ip=10.0.0.1",
        "--manage-all-nodes=false", "--node-lease-duration-seconds=40",
    ], folder)  # fmt: skip


def node(number: int, *, tainted: bool) -> dict[str, Any]:
    """Return a fake node. Tainted where a process node takes ordinary pods."""
    name = f"fake-{number}"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {MARK: "fake"},
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "slipway.dev/runtime": "fake"},
        },
        "spec": {"taints": [TAINT] if tainted else []},
    }


def stages() -> list[dict[str, Any]]:
    """Return what happens to nodes and pods, in our own words of KWOK's Stage kind (v1alpha1)."""
    return [
        _stage("node-ready", "Node", [_absent('.status.conditions.[] | select( .type == "Ready" ) | .status')], _NODE),
        _stage("node-heartbeat", "Node", [_is('.status.conditions.[] | select( .type == "Ready" ) | .status', "True")], _HEARTBEAT, 20000),
        _stage("pod-ready", "Pod", [_living, _absent(".status.podIP"), _no_behaviour, _not_job], _POD_READY),
        _stage("pod-complete", "Pod", [_living, _of_job, _no_behaviour, _not_ended], _POD_COMPLETE, 50),
        _stage("pod-fail", "Pod", [_living, _fails, _not_ended], _POD_FAILED, 50),
        _delete_stage(),
    ]  # fmt: skip


def _stage(name: str, kind: str, match: list[dict[str, Any]], template: str, delay: int = 0) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "resourceRef": {"apiGroup": "v1", "kind": kind},
        "selector": {"matchExpressions": match},
        "next": {"statusTemplate": template},
    }
    if delay:
        spec["delay"] = {"durationMilliseconds": delay}
    return {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage", "metadata": {"name": name}, "spec": spec}


def _delete_stage() -> dict[str, Any]:
    stage = _stage("pod-delete", "Pod", [{"key": ".metadata.deletionTimestamp", "operator": "Exists"}], "")
    stage["spec"]["next"] = {"finalizers": {"empty": True}, "delete": True}
    return stage


def _absent(key: str) -> dict[str, Any]:
    return {"key": key, "operator": "DoesNotExist"}


def _is(key: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": list(values)}


_BEHAVIOUR_KEY = f'.metadata.annotations["{BEHAVIOUR}"]'
_living = _absent(".metadata.deletionTimestamp")
_no_behaviour = _absent(_BEHAVIOUR_KEY)
_fails = _is(_BEHAVIOUR_KEY, "fail")
_of_job = _is(".metadata.ownerReferences.[].kind", "Job")
_not_job = {"key": ".metadata.ownerReferences.[].kind", "operator": "NotIn", "values": ["Job"]}
_not_ended = {"key": ".status.phase", "operator": "NotIn", "values": ["Succeeded", "Failed"]}

_HEARTBEAT = """
{{ $now := Now }}
conditions:
- {lastHeartbeatTime: {{ $now | Quote }}, lastTransitionTime: {{ $now | Quote }}, message: fake node, reason: Kwok, status: "True", type: Ready}
"""
_NODE = (
    _HEARTBEAT
    + """
addresses:
- {address: {{ NodeIP | Quote }}, type: InternalIP}
allocatable: {cpu: "1000", memory: 1Ti, pods: "10000"}
capacity: {cpu: "1000", memory: 1Ti, pods: "10000"}
phase: Running
"""
)
_CONTAINERS = """
{{ $now := Now }}
{{ $root := . }}
"""
_POD_READY = (
    _CONTAINERS
    + """
conditions:
- {lastTransitionTime: {{ $now | Quote }}, status: "True", type: Initialized}
- {lastTransitionTime: {{ $now | Quote }}, status: "True", type: Ready}
- {lastTransitionTime: {{ $now | Quote }}, status: "True", type: ContainersReady}
{{ range .spec.readinessGates }}
- {lastTransitionTime: {{ $now | Quote }}, status: "True", type: {{ .conditionType | Quote }}}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- image: {{ .image | Quote }}
  imageID: ""
  name: {{ .name | Quote }}
  ready: true
  restartCount: 0
  started: true
  state: {running: {startedAt: {{ $now | Quote }}}}
{{ end }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
{{ $meta := .metadata }}
podIP: {{ PodIPWith .spec.nodeName false ( or $meta.uid "" ) ( or $meta.name "" ) ( or $meta.namespace "" ) | Quote }}
phase: Running
startTime: {{ $now | Quote }}
"""
)


def _ended(phase: str, reason: str, code: int) -> str:
    return (
        _CONTAINERS
        + f"""
conditions:
- {{lastTransitionTime: {{{{ $now | Quote }}}}, status: "True", type: Initialized, reason: Pod{reason}}}
- {{lastTransitionTime: {{{{ $now | Quote }}}}, status: "False", type: Ready, reason: Pod{reason}}}
- {{lastTransitionTime: {{{{ $now | Quote }}}}, status: "False", type: ContainersReady, reason: Pod{reason}}}
containerStatuses:
{{{{ range .spec.containers }}}}
- image: {{{{ .image | Quote }}}}
  imageID: ""
  name: {{{{ .name | Quote }}}}
  ready: false
  restartCount: 0
  state: {{terminated: {{exitCode: {code}, reason: {reason}, startedAt: {{{{ $now | Quote }}}}, finishedAt: {{{{ $now | Quote }}}}}}}}
{{{{ end }}}}
hostIP: {{{{ NodeIPWith .spec.nodeName | Quote }}}}
phase: {phase}
startTime: {{{{ $now | Quote }}}}
"""
    )


_POD_COMPLETE = _ended("Succeeded", "Completed", 0)
_POD_FAILED = _ended("Failed", "Error", 1)

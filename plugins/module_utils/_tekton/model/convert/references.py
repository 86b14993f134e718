# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""References to Tasks and Pipelines: bundles and ClusterTasks become resolvers.

There is no way back: v1beta1 knows resolvers too.
Source: tektoncd/pipeline pkg/apis/pipeline/v1beta1/taskref_conversion.go and pipelineref_conversion.go, v1.15.
"""

from __future__ import annotations

from typing import Any

from .turn import Turn, mapping

_NO_NAMESPACE = (
    "Tekton has no ClusterTasks any more; the resolver looks in its default-namespace, or add the param namespace"
)


def reference(turn: Turn, owner: Any, path: str, name: str, kind: str) -> None:
    """Convert the reference `owner[name]` to a Task or Pipeline (`kind`) in place."""
    given = mapping(owner, name)
    if given is None or not turn.up:
        return
    path = f"{path}.{name}"
    if given.get("bundle"):
        _bundle(turn, given, path, kind)
    elif given.get("kind") == "ClusterTask" and not given.get("apiVersion") and not given.get("resolver"):
        _cluster_task(turn, given, path)
    else:
        given.pop("bundle", None)


def _bundle(turn: Turn, given: dict[str, Any], path: str, kind: str) -> None:
    values = {"bundle": given.pop("bundle"), "name": given.pop("name", ""), "kind": kind}
    given.pop("kind", None)
    given.update(resolver="bundles", params=_params(values))
    turn.told(path, "bundle", "resolver=bundles", "the image is read by the bundles resolver")


def _cluster_task(turn: Turn, given: dict[str, Any], path: str) -> None:
    if given.get("name") in turn.cluster_tasks:
        turn.value(given, path, "kind", "Task", "the ClusterTask is given, and becomes a Task too")
        return
    given.pop("kind")
    given.update(resolver="cluster", params=_params({"kind": "task", "name": given.pop("name", "")}))
    turn.told(path, "kind=ClusterTask", "resolver=cluster", _NO_NAMESPACE)


def _params(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]

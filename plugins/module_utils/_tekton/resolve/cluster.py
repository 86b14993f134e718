# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The cluster resolver: a Task, Pipeline or StepAction of another namespace of a cluster.

Source: tektoncd/pipeline pkg/resolution/resolver/cluster/resolver.go, v1.15.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ..._core import gojson, yaml
from ..._core.errors import Permanent
from ..._kube.client import Client
from ..._kube.config import load_config
from ..._kube.errors import UnknownKind
from ..model.reference import Source
from .resolver import Context, Params, Resolved, Resolver, texts, wrong
from .settings import Settings

_KINDS = {"task": "Task", "pipeline": "Pipeline", "stepaction": "StepAction"}
_VERSIONS = {"task": "tekton.dev/v1", "pipeline": "tekton.dev/v1", "stepaction": "tekton.dev/v1beta1"}


def check(params: Mapping[str, Any], settings: Settings) -> dict[str, str]:
    """Return the params with their defaults. Source: populateParamsWithDefaults."""
    given, conf = texts(params), settings.texts("cluster")
    kind = given.get("kind") or conf["default-kind"]
    if kind and kind not in _KINDS:
        raise wrong(f"unknown or unsupported resource kind '{kind}'", hint=f"one of {', '.join(_KINDS)}")
    found = {
        "kind": kind,
        "name": given.get("name", ""),
        "namespace": given.get("namespace") or conf["default-namespace"],
    }
    missing = [name for name, value in found.items() if not value]
    if missing:
        raise wrong(f"missing required cluster resolver params: {', '.join(missing)}")
    _check_namespace(found["namespace"], conf)
    return {**given, **found}


def _check_namespace(namespace: str, conf: Mapping[str, str]) -> None:
    allowed, blocked = conf["allowed-namespaces"], conf["blocked-namespaces"]
    if namespace in blocked.split(","):
        raise wrong(f"access to specified namespace {namespace} is blocked")
    if namespace in allowed.split(","):
        return
    if blocked == "*":
        raise wrong("only explicit allowed access to namespaces is allowed")
    if allowed:
        raise wrong(f"access to specified namespace {namespace} is not allowed")


def fetch(params: Params, context: Context) -> Resolved:
    """Return the object that the cluster has now."""
    conf = context.settings.of("cluster")
    kind, version, name, namespace = (
        _KINDS[params["kind"]],
        _VERSIONS[params["kind"]],
        params["name"],
        params["namespace"],
    )
    context.left()
    with Client(load_config({"kubeconfig": conf["kubeconfig"], "context": conf["context"]})) as client:
        try:
            obj = client.get(version, kind, name, namespace)
        except UnknownKind as error:
            text = f"the cluster at {client.config.server} knows no {kind} of {version}"
            raise Permanent(text, hint="Tekton is not installed there") from error
    if obj is None:
        raise Permanent(f'{params["kind"]}s.tekton.dev "{name}" not found', hint=f"namespace {namespace}")
    meta = obj["metadata"]
    uri = f"/apis/{_VERSIONS['task']}/namespaces/{namespace}/{params['kind']}/{name}@{meta.get('uid', '')}"
    spec = yaml.dump(_sorted(obj.get("spec") or {}))
    kept = {"name": name, "namespace": namespace, **{k: meta[k] for k in ("labels", "annotations") if meta.get(k)}}
    data = gojson.dumps({"apiVersion": version, "kind": kind, "metadata": kept, "spec": obj.get("spec")})
    return Resolved(data.encode(), Source(uri, {"sha256": hashlib.sha256(spec.encode()).hexdigest()}))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


RESOLVER = Resolver("Cluster", check, fetch)

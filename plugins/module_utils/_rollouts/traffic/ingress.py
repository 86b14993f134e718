# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What ingress-based routers share: names, patches, the bookkeeping of ALB annotations.

Pure functions over raw Ingresses, of networking.k8s.io/v1 and of the old extensions/v1beta1. Source: argo-rollouts v1.9
utils/ingress/ingress.go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from ..._core import gojson
from ..._core.errors import Invalid
from ..model import defaults
from ..model.rollout import Rollout

MOST_NAME = 253
SUFFIX = "-canary"
ALB_PREFIX = "alb.ingress.kubernetes.io"
PARTS = ("annotations", "labels", "spec")


class Mode(IntEnum):
    """Which API an Ingress is of."""

    EXTENSIONS = 1
    NETWORKING = 2


def mode(api_version: str, major: str, minor: str) -> Mode:
    """Return the API to use: the one asked for, else by the server's version (networking/v1 since 1.19).

    Invalid when the version is no number. Source: DetermineIngressMode.
    """
    if api_version in ("extensions/v1beta1", "networking/v1"):
        return Mode.NETWORKING if api_version == "networking/v1" else Mode.EXTENSIONS
    server = (_number(major), _number(minor.removesuffix("+")))
    return Mode.NETWORKING if server >= (1, 19) else Mode.EXTENSIONS


def mode_of(obj: Mapping[str, Any]) -> Mode:
    """Return the API of an Ingress."""
    return Mode.EXTENSIONS if str(obj.get("apiVersion", "")).startswith("extensions/") else Mode.NETWORKING


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Invalid("", f"strconv.Atoi: parsing {gojson.dumps(text)}: invalid syntax") from None


def canary_name(rollout: str, stable_ingress: str) -> str:
    """Return the name of the canary Ingress, cut to what Kubernetes allows. Source: GetCanaryIngressName."""
    if not stable_ingress:
        return ""
    return f"{rollout}-{stable_ingress}"[: MOST_NAME - len(SUFFIX)] + SUFFIX


def keys(ro: Rollout) -> list[str]:
    """Return "namespace/name" of every Ingress that the Rollout reads or makes. Source: GetRolloutIngressKeys."""
    nginx, alb = ro.traffic.get("nginx") or {}, ro.traffic.get("alb") or {}
    stable = [*filter(None, [nginx.get("stableIngress")]), *(nginx.get("stableIngresses") or [])]
    names = [name for one in stable for name in (one, canary_name(ro.name, one))]
    ports = [entry.get("ingress") for entry in alb.get("servicePorts") or []]
    names += dict.fromkeys(filter(None, [alb.get("ingress"), *(alb.get("ingresses") or []), *ports]))
    return [f"{ro.namespace}/{name}" for name in names]


def backend(path: Mapping[str, Any]) -> str:
    """Return the Service of a path, in both APIs."""
    found = path.get("backend") or {}
    return str((found.get("service") or {}).get("name") or found.get("serviceName") or "")


def has_rule_with_service(ingress: Mapping[str, Any], service: str) -> bool:
    """Return whether a rule sends to the Service. Source: HasRuleWithService."""
    rules = (ingress.get("spec") or {}).get("rules") or []
    return any(backend(path) == service for rule in rules for path in (rule.get("http") or {}).get("paths") or [])


def patch(current: Mapping[str, Any], desired: Mapping[str, Any], parts: Sequence[str] = PARTS) -> dict[str, Any]:
    """Return the JSON merge patch that brings these parts (annotations, labels, spec) to what is desired; {} for none.

    Source: BuildIngressPatch.
    """
    return merge_patch(_view(current, parts), _view(desired, parts))


def _view(ingress: Mapping[str, Any], parts: Sequence[str]) -> dict[str, Any]:
    meta = ingress.get("metadata") or {}
    shown = {name: meta[name] for name in ("annotations", "labels") if name in parts and meta.get(name)}
    out: dict[str, Any] = {"metadata": shown} if shown else {}
    return {**out, "spec": ingress["spec"]} if "spec" in parts and ingress.get("spec") else out


def merge_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON merge patch (RFC 7396) between two objects."""
    out: dict[str, Any] = {name: None for name in before if name not in after}
    for name, value in after.items():
        known = before.get(name)
        if isinstance(value, Mapping) and isinstance(known, Mapping):
            inner = merge_patch(known, value)
            if inner:
                out[name] = inner
        elif name not in before or known != value:
            out[name] = value
    return out


def managed_actions(annotation: str) -> dict[str, str]:
    """Return the ALB action of each Rollout from the old annotation "rollout:action,...". Invalid when it is malformed.

    Source: NewManagedALBActions.
    """
    out: dict[str, str] = {}
    for entry in annotation.split(",") if annotation else []:
        parts = entry.split(":")
        if len(parts) != 2:
            raise Invalid("", "incorrectly formatted managed actions annotation")
        out[parts[0]] = parts[1]
    return out


def managed_actions_text(actions: Mapping[str, str]) -> str:
    """Return the old annotation."""
    return ",".join(f"{rollout}:{action}" for rollout, action in sorted(actions.items()))


def managed_annotations(annotation: str) -> dict[str, list[str]]:
    """Return the ALB annotations that each Rollout manages. Invalid when the text is no such JSON.

    Source: NewManagedALBAnnotations.
    """
    try:
        found = json.loads(annotation) if annotation else {}
    except ValueError as error:
        raise Invalid("", f"is no JSON: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(value, list) for value in found.values()):
        raise Invalid("", "is no object of lists")
    return found


def managed_annotations_text(managed: Mapping[str, Sequence[str]]) -> str:
    """Return the annotation's text."""
    return gojson.dumps({name: list(value) for name, value in managed.items()})


def alb_action_key(ro: Rollout, action: str | None = None) -> str:
    """Return the annotation of an ALB action: the root Service's (else the stable one's), or that of a header route.

    Source: ALBActionAnnotationKey, ALBHeaderBasedActionAnnotationKey.
    """
    root = defaults.text_or(str((ro.traffic.get("alb") or {}).get("rootService") or ""), ro.stable_service)
    return _alb_key(ro, "actions", root if action is None else action)


def alb_condition_key(ro: Rollout, action: str) -> str:
    """Return the annotation of an ALB condition. Source: ALBHeaderBasedConditionAnnotationKey."""
    return _alb_key(ro, "conditions", action)


def _alb_key(ro: Rollout, kind: str, name: str) -> str:
    prefix = defaults.text_or(str((ro.traffic.get("alb") or {}).get("annotationPrefix") or ""), ALB_PREFIX)
    return f"{prefix}/{kind}.{name}"

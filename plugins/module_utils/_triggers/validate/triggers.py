# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Validation of Triggers: bindings, template, interceptors.

Source: tektoncd/triggers pkg/apis/triggers/v1beta1/trigger_validation.go (v0.37).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..event import canonical
from .problems import Problems, invalid, missing, missing_one_of, multiple_one_of, via
from .templates import metadata, template_spec

BINDING_KINDS = ("TriggerBinding", "ClusterTriggerBinding")
VERSIONS = ("v1alpha1", "v1beta1")


def trigger(obj: Mapping[str, Any]) -> Problems:
    """Return what is wrong with a Trigger."""
    spec = obj.get("spec") or {}
    found = [*bindings(spec.get("bindings") or []), *template(spec.get("template") or {})]
    for index, entry in enumerate(spec.get("interceptors") or []):
        found += via(f"interceptors[{index}]", interceptor(entry or {}))
    return [*metadata(obj), *via("spec", found)]


def bindings(entries: Sequence[Mapping[str, Any]]) -> Problems:
    """Return what is wrong with the bindings: each has a ref of a known kind, or a name with its value."""
    return [problem for index, entry in enumerate(entries) for problem in via(f"bindings[{index}]", _binding(entry))]


def _binding(entry: Mapping[str, Any]) -> Problems:
    if entry.get("ref"):
        if entry.get("name"):
            return [multiple_one_of("ref", "name")]
        return [] if entry.get("kind") in BINDING_KINDS else [invalid("invalid kind", "kind")]
    if entry.get("name"):
        return [missing("value")] if entry.get("value") is None else []
    return [missing_one_of("ref", "spec", "name")]


def template(entry: Mapping[str, Any]) -> Problems:
    """Return what is wrong with a trigger's template: exactly one of ref and spec."""
    found: Problems = []
    if entry.get("apiversion") and entry["apiversion"] not in VERSIONS:
        found.append(invalid("invalid apiVersion", "template.apiVersion"))
    spec, ref = entry.get("spec"), entry.get("ref")
    if spec is not None and ref is not None:
        found.append(multiple_one_of("template.spec", "template.ref"))
    elif spec is not None:
        found += template_spec(spec)
    elif ref is None:
        found.append(missing_one_of("template.spec", "template.ref"))
    elif not ref:
        found.append(missing("template.ref"))
    return found


def interceptor(entry: Mapping[str, Any]) -> Problems:
    """Return what is wrong with an interceptor: it has a ref, or is an older webhook with a v1 Service."""
    webhook = entry.get("webhook")
    if webhook is None:
        return [] if (entry.get("ref") or {}).get("name") else [missing("interceptor")]
    found = [] if webhook.get("url") else _service(webhook.get("objectRef"))
    for index, header in enumerate(webhook.get("header") or []):
        found += via(f"header[{index}]", _header(header))
    return via("interceptor.webhook", found)


def _service(reference: Mapping[str, Any] | None) -> Problems:
    if reference is None:
        return [missing("objectRef")]
    found: Problems = []
    for field, wanted in (("kind", "Service"), ("apiVersion", "v1")):
        if not reference.get(field):
            found.append(missing(f"objectRef.{field}"))
        elif reference[field] != wanted:
            found.append(invalid(f"invalid {field}", f"objectRef.{field}"))
    return found


def _header(header: Mapping[str, Any]) -> Problems:
    name = str(header.get("name") or "")
    found = [] if name and canonical(name) == name else [invalid("invalid header name", "name")]
    return found if header.get("value") else [*found, invalid("invalid header value", "value")]

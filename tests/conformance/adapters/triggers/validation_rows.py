# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of pkg/apis/triggers/v1beta1: each is an object, and what admission says about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._triggers.validate import listeners, templates, triggers
from ansible_collections.slipway.gitops.plugins.module_utils._triggers.validate.problems import (
    Problem,
    Problems,
    text,
)
from tests.conformance.adapters.triggers import values
from tests.conformance.registry import Row, adapter

PACKAGE = "pkg/apis/triggers/v1beta1/"
RULES = {
    "cluster_trigger_binding_validation_test.go": ("tb", templates.cluster_trigger_binding),
    "event_listener_validation_test.go": ("el", listeners.event_listener),
    "trigger_binding_validation_test.go": ("tb", templates.trigger_binding),
    "trigger_template_validation_test.go": ("template", templates.trigger_template),
    "trigger_validation_test.go": ("tr", triggers.trigger),
}


def found(row: Row) -> str:
    name, rule = RULES[row.path.removeprefix(PACKAGE)]
    return text(rule(values.resource(row.fields[name])))


def problems(error: Mapping[str, Any] | None) -> Problems:
    """Return a row's error object as problems."""
    if not error:
        return []
    inner = [problem for part in error.get("errors") or [] for problem in problems(part)]
    if error.get("Message"):
        paths = [path for given in error.get("Paths") or [] for path in str(given).split(", ")]
        inner.append(Problem(error["Message"], tuple(paths), error.get("Details") or ""))
    return inner


@adapter("tekton", PACKAGE + "cluster_trigger_binding_validation_test.go", "Test_ClusterTriggerBindingValidate")
@adapter("tekton", PACKAGE + "event_listener_validation_test.go", "Test_EventListenerValidate")
@adapter("tekton", PACKAGE + "trigger_binding_validation_test.go", "Test_TriggerBindingValidate")
@adapter("tekton", PACKAGE + "trigger_validation_test.go", "Test_TriggerValidate")
def accepted(row: Row) -> None:
    assert found(row) == ""


@adapter("tekton", PACKAGE + "cluster_trigger_binding_validation_test.go", "Test_ClusterTriggerBindingValidate_error")
@adapter("tekton", PACKAGE + "trigger_validation_test.go", "TestTriggerValidate_error")
def rejected(row: Row) -> None:
    assert found(row) != ""


@adapter("tekton", PACKAGE + "trigger_binding_validation_test.go", "Test_TriggerBindingValidate_error")
def rejected_with_text(row: Row) -> None:
    assert found(row) == row.value("errMsg")


@adapter("tekton", PACKAGE + "event_listener_validation_test.go", "TestEventListenerValidate_error")
@adapter("tekton", PACKAGE + "trigger_template_validation_test.go", "TestTriggerTemplate_Validate")
def rejected_with_problems(row: Row) -> None:
    wanted = row.fields.get("wantErr", row.fields.get("want"))
    assert found(row) == text(problems(wanted)), f"{found(row)!r} != {text(problems(wanted))!r}"

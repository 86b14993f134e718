# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter tekton_v1: one object and lists, the report, what a person reads on a mistake."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.filter.tekton_v1 import FilterModule, tekton_v1

RUN: dict[str, Any] = {
    "apiVersion": "tekton.dev/v1beta1",
    "kind": "PipelineRun",
    "metadata": {"name": "r"},
    "spec": {"pipelineRef": {"name": "p"}, "timeout": "10m10s"},
}


def test_an_object_becomes_an_object() -> None:
    assert tekton_v1(RUN)["spec"] == {"pipelineRef": {"name": "p"}, "timeouts": {"pipeline": "10m10s"}}


def test_a_list_becomes_a_list() -> None:
    assert [obj["apiVersion"] for obj in tekton_v1([RUN, RUN])] == ["tekton.dev/v1"] * 2


def test_the_report_comes_with_the_object() -> None:
    found = tekton_v1(RUN, report=True)
    assert (found["object"], [entry["from"] for entry in found["report"]]) == (
        tekton_v1(RUN),
        ["apiVersion=tekton.dev/v1beta1", "timeout"],
    )


def test_a_cluster_task_of_the_list_is_named_as_a_task() -> None:
    task = {"apiVersion": "tekton.dev/v1beta1", "kind": "ClusterTask", "metadata": {"name": "c"}, "spec": {"steps": []}}
    run = {**RUN, "kind": "TaskRun", "spec": {"taskRef": {"name": "c", "kind": "ClusterTask"}}}
    assert tekton_v1([run, task])[0]["spec"]["taskRef"] == {"name": "c", "kind": "Task"}


def test_the_way_back_is_a_version() -> None:
    assert tekton_v1(tekton_v1(RUN), version="v1beta1")["apiVersion"] == "tekton.dev/v1beta1"


def test_another_version_is_an_error() -> None:
    with pytest.raises(Exception, match=r"is no version to convert to: 'tekton\.dev/v2'"):
        tekton_v1(RUN, version="v2")


def test_what_is_no_object_is_an_error() -> None:
    with pytest.raises(Exception, match="takes Kubernetes objects"):
        tekton_v1(["text"])


def test_the_filter_has_its_name() -> None:
    assert list(FilterModule().filters()) == ["tekton_v1"]

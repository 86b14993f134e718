# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of names and of the graph of a pipeline."""

from __future__ import annotations

from ansible_collections.slipway.gitops.plugins.module_utils._core import ids
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import dag, names
from tests.conformance.adapters.tekton.values import message_of
from tests.conformance.registry import Row, adapter

DAG = "pkg/reconciler/pipeline/dag/dag_test.go"
NAMES = "pkg/names/generate_test.go"
# The graph that the tables of GetCandidateTasks share, as their description draws it.
GRAPH = {"a": [], "b": [], "x": ["a"], "y": ["a", "x"], "z": ["x"], "w": ["b", "y"]}


@adapter("tekton", DAG, "TestGetSchedulable")
def candidates(row: Row) -> None:
    assert dag.candidates(GRAPH, row.value("finished") or []) == set(row.value("expectedTasks") or [])


@adapter("tekton", DAG, "TestGetSchedulable_Invalid")
def impossible(row: Row) -> None:
    assert message_of(lambda: dag.candidates(GRAPH, row.value("finished")))


@adapter("tekton", DAG, "TestBuild_InvalidDAG")
def invalid(row: Row) -> None:
    message = message_of(lambda: dag.build(row.value("spec")["tasks"]))
    assert message, "the graph was accepted"
    assert row.value("err") in message, message


@adapter(
    "tekton", DAG, "TestBuild_Parallel", "TestBuild_JoinMultipleRoots", "TestBuild_FanInFanOut",
    "TestBuild_TaskParamsFromTaskResults",
)  # fmt: skip
def valid(row: Row) -> None:
    assert dag.build(row.value("spec")["tasks"])


@adapter("tekton", DAG, "TestFindCyclesInDependencies")
def cycles(row: Row) -> None:
    wanted, found = row.value("err"), dag.interdependency(row.value("deps") or {})
    assert found == wanted if not wanted else wanted in found


@adapter("tekton", NAMES, "TestRestrictLength")
def restrict(row: Row) -> None:
    assert names.restrict(row.value("in")) == row.value("want")


@adapter("tekton", NAMES, "TestRestrictLengthWithRandomSuffix")
def random_suffix(row: Row) -> None:
    """The end is random: it is compared in its form, the rest letter by letter."""
    found, wanted = names.with_random_suffix(row.value("in")), row.value("want")
    assert (found[:-5], len(found)) == (wanted[:-5], len(wanted))
    assert set(found[-5:]) <= set(ids.ALPHABET)


@adapter("tekton", NAMES, "TestGenerateHashedName")
def hashed(row: Row) -> None:
    found = names.hashed(row.value("prefix"), row.value("name"), row.value("randomLength"))
    assert found == row.value("expectedHashedName")

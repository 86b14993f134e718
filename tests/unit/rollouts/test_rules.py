# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hashes, sizes, traffic and verdicts of Argo Rollouts, one rule at a time."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import VirtualClock
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Permanent
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.analysis import arguments, limits, template
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.analysis.evaluate import value_phase
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.analysis.providers import (
    Measured,
    prometheus_value,
)
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.analysis.run import AnalysisRun
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.decide import hashes, replicas
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.traffic import istio


def test_hashes_of_steps_are_upstreams() -> None:
    assert hashes.step_hash(None) == "5ffbfbbd64"
    assert hashes.step_hash([{"pause": {}}]) == "6b9b86fbd5"


def test_the_hash_of_a_template_does_not_depend_on_the_order_of_its_keys() -> None:
    one = {"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
    two = {"spec": {"containers": [{"image": "x", "name": "c"}]}, "metadata": {"labels": {"b": "2", "a": "1"}}}
    assert hashes.pod_template_hash(one) == hashes.pod_template_hash(two)
    assert hashes.pod_template_hash(one) != hashes.pod_template_hash(one, 1)


@pytest.mark.parametrize(
    ("count", "weight", "surge", "sizes"),
    [(10, 10, 1, (1, 9)), (3, 50, 1, (2, 2)), (1, 50, 0, (1, 0)), (10, 0, 1, (0, 10)), (0, 50, 1, (0, 0))],
)
def test_pod_counts_come_near_the_weight(count: int, weight: int, surge: int, sizes: tuple[int, int]) -> None:
    assert replicas.approximate(count, weight, surge) == sizes


def test_a_text_without_percent_is_a_percentage_all_the_same() -> None:
    assert replicas.fenceposts("5", "0", 100) == (5, 0)
    assert replicas.fenceposts(0, 0, 10) == (0, 1)


def service(routes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": "VirtualService", "metadata": {"name": "v"}, "spec": {"http": [{"name": "main", "route": routes}]}}


def test_only_the_two_weights_change_and_foreign_traffic_is_removed() -> None:
    before = service(
        [
            {"destination": {"host": "st.ns.svc"}, "weight": 100, "headers": {"x": 1}},
            {"destination": {"host": "ca"}, "weight": 0},
            {"destination": {"host": "other"}, "weight": 5},
        ]
    )
    after = istio.set_weight(before, {"name": "v", "routes": ["main"]}, istio.Roles("ca", "st"), 20)
    routes = after["spec"]["http"][0]["route"]
    assert [(entry["destination"]["host"], entry["weight"]) for entry in routes] == [("st.ns.svc", 80), ("ca", 20)]
    assert routes[0]["headers"] == {"x": 1}
    assert before["spec"]["http"][0]["route"][0]["weight"] == 100


def test_a_missing_route_or_host_is_an_error() -> None:
    with pytest.raises(Invalid, match="Route 'gone' is not found"):
        istio.set_weight(service([]), {"routes": ["gone"]}, istio.Roles("ca", "st"), 20)
    with pytest.raises(Invalid, match="Canary Service 'ca' not found in route"):
        istio.set_weight(service([{"destination": {"host": "st"}}]), {"routes": ["main"]}, istio.Roles("ca", "st"), 20)


@pytest.mark.parametrize(
    ("metric", "value", "phase"),
    [
        ({}, 1, "Successful"),
        ({"successCondition": "result > 1"}, 1, "Failed"),
        ({"failureCondition": "result > 1"}, 1, "Successful"),
        ({"successCondition": "result > 5", "failureCondition": "result < 1"}, 3, "Inconclusive"),
        ({"successCondition": "true", "failureCondition": "result == 3"}, 3, "Failed"),
    ],
)
def test_a_value_is_judged_by_its_conditions(metric: dict[str, str], value: Any, phase: str) -> None:
    assert value_phase(metric, value) == phase


def measured(*phases: str) -> dict[str, Any]:
    result: dict[str, Any] = {"name": "m"}
    for phase in phases:
        result = limits.counted(result, {"phase": phase})
    return result


def test_limits_are_exceeded_strictly() -> None:
    metric = {"failureLimit": 1, "count": 5, "interval": "1s"}
    assert limits.metric_phase(metric, measured("Failed"), terminating=False) == "Running"
    assert limits.metric_phase(metric, measured("Failed", "Failed"), terminating=False) == "Failed"
    assert limits.breach(metric, measured("Failed", "Failed")).message == "failed (2) > failureLimit (1)"


def test_errors_do_not_count_and_five_in_a_row_end_a_metric() -> None:
    four = measured(*["Error"] * 4)
    assert (four.get("count", 0), limits.metric_phase({"count": 1}, four, terminating=False)) == (0, "Running")
    assert limits.metric_phase({"count": 1}, measured(*["Error"] * 5), terminating=False) == "Error"


def analysis(
    metric: dict[str, Any], values: list[Any], given: dict[str, Any] | None = None
) -> tuple[AnalysisRun, VirtualClock]:
    clock, left = VirtualClock(100), list(values)

    def take(_metric: Any, _proxy: str) -> Measured:
        value = left.pop(0)
        if isinstance(value, Exception):
            raise value
        return Measured(value, str(value))

    spec = {"metrics": [{"name": "m", "provider": {"web": {}}, **metric}], **(given or {})}
    run = AnalysisRun("run", spec, clock, lambda: None, secret=lambda name, key: f"{name}/{key}", take=take)
    while (wait := run.step()) is not None:
        clock.sleep(wait)
    return run, clock


def test_measurements_are_taken_at_their_interval_in_virtual_time() -> None:
    run, clock = analysis({"count": 3, "interval": "10s", "successCondition": "result == 1"}, [1, 1, 1])
    assert (run.phase, clock.slept) == ("Successful", 20)


def test_an_error_is_tried_again_after_ten_seconds() -> None:
    run, clock = analysis({"count": 1, "interval": "1s"}, [Permanent("no answer"), 5])
    assert (run.phase, clock.slept) == ("Successful", 10)


def test_a_failed_run_says_why_in_one_line() -> None:
    run, _clock = analysis({"count": 3, "interval": "1s", "successCondition": "result == 1"}, [0])
    assert (run.phase, run.message) == (
        "Failed",
        'Metric "m" assessed Failed due to failed (1) > failureLimit (0): last value 0',
    )


def test_prometheus_vectors_are_lists() -> None:
    data = {"resultType": "vector", "result": [{"value": [0, "0.95"]}]}
    assert prometheus_value(data) == Measured([0.95], "[0.95]")


def test_a_dry_run_that_fails_does_not_fail_the_run() -> None:
    metric = {"count": 1, "successCondition": "result == 1"}
    run, _clock = analysis(metric, [0], {"dryRun": [{"metricName": "m"}]})
    status = run.status()
    assert (run.phase, status["dryRunSummary"], status["runSummary"]) == ("Successful", {"count": 1, "failed": 1}, {})
    assert status["metricResults"][0]["message"] == "Metric assessed Failed due to failed (1) > failureLimit (0)"


def test_secrets_are_read_for_a_measurement_and_stay_out_of_the_status() -> None:
    seen: list[Any] = []

    def take(metric: Any, _proxy: str) -> Measured:
        seen.append(metric["provider"])
        return Measured(1, "1")

    spec = {
        "metrics": [{"name": "m", "provider": {"web": {"url": "http://x/{{args.key}}"}}}],
        "args": [{"name": "key", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
    }
    run = AnalysisRun("run", spec, VirtualClock(), lambda: None, secret=lambda *_names: "canary-value", take=take)
    assert run.step() is None
    assert (seen, run.phase) == ([{"web": {"url": "http://x/canary-value"}}], "Successful")
    assert "canary-value" not in str(run.status())


def test_a_spec_that_cannot_run_ends_in_error() -> None:
    run, clock = analysis({"count": 3}, [])
    text = "Analysis spec invalid: metrics[0]: interval must be specified when count > 1"
    assert (run.phase, run.message, clock.slept) == ("Error", text, 0)


def test_arguments_are_put_into_metrics_and_must_be_declared() -> None:
    made = {"spec": {"args": [{"name": "a"}], "metrics": [{"name": "m", "url": "http://{{ args.a }}/"}]}}
    naming, given = template.Naming("run"), [{"name": "a", "value": 'x"y'}, {"name": "unused", "value": "1"}]
    spec = template.new_run([made], [], given, [], [], naming)["spec"]
    assert arguments.resolve_metric(spec["metrics"][0], spec["args"])["url"] == 'http://x"y/'
    with pytest.raises(Invalid, match=r"args\.a was not resolved"):
        template.new_run([made], [], [], [], [], naming)


def test_templates_that_templates_name_are_taken_once() -> None:
    inner = {
        "metadata": {"name": "inner"},
        "spec": {"metrics": [{"name": "i"}], "templates": [{"templateName": "outer"}]},
    }
    outer = {
        "metadata": {"name": "outer"},
        "spec": {"metrics": [{"name": "o"}], "templates": [{"templateName": "inner"}]},
    }
    known = {"inner": inner, "outer": outer}
    found = template.collect([{"templateName": "outer"}], lambda name, _scope: known.get(name))
    assert [item["metadata"]["name"] for _scope, item in found] == ["outer", "inner"]

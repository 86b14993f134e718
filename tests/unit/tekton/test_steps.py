# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Streams, limits, users and results of steps as local processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Refused
from tests.unit.tekton.task_runs import endings, lines, run_task, sandboxed


def test_streams_go_to_files_and_to_the_log(tmp_path: Path) -> None:
    report, events = run_task(
        """
volumes: [{name: data}]
stepTemplate: {volumeMounts: [{name: data, mountPath: /data}]}
steps:
- {name: one, image: alpine, script: "echo out; echo err >&2", stdoutConfig: {path: /data/new/out}, stderrConfig: {path: /data/err}}
- {name: two, image: alpine, script: "echo out2; echo err2 >&2", stdoutConfig: {path: /data/new/out}, stderrConfig: {path: /data/new/out}}
- {name: show, image: alpine, script: "sort /data/new/out; echo; cat /data/err"}
""",
        tmp_path,
    )
    assert report.status == "Succeeded", report.message
    assert sorted(lines(events, "one")) == ["err", "out"]
    assert lines(events, "show") == ["err2", "out", "out2", "", "err"]


def test_a_stream_does_not_follow_a_link_out_of_its_volume(tmp_path: Path) -> None:
    secret = tmp_path / "outside"
    secret.mkdir()
    with pytest.raises(Exception, match="cannot open"):
        run_task(
            f"""
volumes: [{{name: data}}]
stepTemplate: {{volumeMounts: [{{name: data, mountPath: /data}}]}}
steps:
- {{name: plant, image: alpine, script: "ln -s {secret} /data/link"}}
- {{name: use, image: alpine, script: "echo x", stdoutConfig: {{path: /data/link/x}}}}
""",
            tmp_path,
        )
    assert list(secret.iterdir()) == []


def test_a_stream_that_no_volume_takes_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"steps\[0\]\.stdoutConfig\.path"):
        run_task('steps: [{name: s, image: alpine, script: "true", stdoutConfig: {path: /etc/x}}]', tmp_path)


def test_results_are_not_read_through_links(tmp_path: Path) -> None:
    (tmp_path / "host").write_text("not yours")
    report, _events = run_task(
        f"""
results: [{{name: r}}]
steps: [{{name: s, image: alpine, script: "ln -s {tmp_path}/host /tekton/results/r"}}]
""",
        tmp_path,
    )
    assert (report.status, report.results) == ("Succeeded", {})


def test_a_step_over_its_memory_ends_as_tekton_says(tmp_path: Path) -> None:
    report, _events = run_task(
        """
steps:
- name: eat
  image: python
  onError: continue
  computeResources: {limits: {memory: 64Mi}}
  script: |
    #!/usr/bin/env python3
    import time
    held = b"x" * (300 << 20)
    time.sleep(60)
- {name: never, image: alpine, script: "true"}
""",
        tmp_path,
    )
    assert (report.status, report.message) == ("StepOOM", '"step-eat" exited with code 137: OOMKilled')
    assert endings(report) == [("eat", 137, "OOMKilled"), ("never", 1, "Skipped")]


LIMIT_RANGE = """
apiVersion: v1
kind: LimitRange
metadata: {name: l}
spec: {limits: [{type: Container, max: {memory: 1Gi}, default: {memory: 64Mi}}]}
"""


def test_a_limit_range_gives_limits_and_refuses_what_is_over(tmp_path: Path) -> None:
    env = "[{name: M, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}]"
    report, _events = run_task(
        "steps: [{name: s, image: python, command: [python3, -c, \"x = b'x' * (300 << 20); import time; time.sleep(60)\"]}]",
        tmp_path,
        LIMIT_RANGE,
    )
    assert report.status == "StepOOM"
    over = f"{{name: s, image: alpine, script: 'true', env: {env}, computeResources: {{limits: {{memory: 2Gi}}}}}}"
    with pytest.raises(Invalid, match="maximum memory usage per Container is 1Gi"):
        run_task(f"steps: [{over}]", tmp_path / "other", LIMIT_RANGE)


def test_limits_of_the_run_are_those_of_its_steps(tmp_path: Path) -> None:
    env = "[{name: M, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}]"
    steps = f'steps: [{{name: s, image: alpine, script: "echo $M", env: {env}}}]'
    _report, events = run_task(
        steps, tmp_path, rest="stepSpecs: [{name: s, computeResources: {limits: {memory: 70Mi}}}]"
    )
    assert lines(events, "s") == ["70"]
    _report, events = run_task(steps, tmp_path / "b", rest="computeResources: {limits: {memory: 80Mi}}")
    assert lines(events, "s") == ["80"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ("securityContext: {privileged: true}", "securityContext.privileged"),
        ("securityContext: {capabilities: {add: [SYS_ADMIN]}}", "securityContext.capabilities.add"),
        ("securityContext: {seLinuxOptions: {level: s0}}", "securityContext.seLinuxOptions"),
        ("securityContext: {seccompProfile: {type: Localhost, localhostProfile: x}}", "securityContext.seccompProfile"),
        ("computeResources: {limits: {nvidia.com/gpu: 1}}", "computeResources.limits.nvidia.com/gpu"),
    ],
)
def test_what_a_process_cannot_honour_is_refused_by_field(tmp_path: Path, fields: str, named: str) -> None:
    with pytest.raises(Refused) as caught:
        run_task(f"steps: [{{name: s, image: alpine, script: 'true', {fields}}}]", tmp_path)
    assert f"spec.steps[0].{named}:" in str(caught.value)


def test_a_pod_template_is_refused_by_field_and_its_context_reaches_the_steps(tmp_path: Path) -> None:
    sandboxed()
    steps = 'steps: [{name: s, image: alpine, script: "id -u; echo $A"}]'
    with pytest.raises(Refused, match=r"podTemplate\.dnsConfig"):
        run_task(steps, tmp_path, rest="podTemplate: {dnsConfig: {nameservers: [1.1.1.1]}}")
    template = "podTemplate: {securityContext: {runAsUser: 1234}, env: [{name: A, value: pod}]}"
    _report, events = run_task(steps, tmp_path / "b", rest=template)
    assert lines(events, "s") == ["1234", "pod"]


def test_names_of_the_pod_template_are_in_the_hosts_file(tmp_path: Path) -> None:
    sandboxed()
    _report, events = run_task(
        'steps: [{name: s, image: debian, script: "getent hosts mine.example"}]',
        tmp_path,
        rest="podTemplate: {hostAliases: [{ip: 127.1.2.3, hostnames: [mine.example]}]}",
    )
    assert lines(events, "s")[0].split() == ["127.1.2.3", "mine.example"]


def test_a_container_that_must_not_be_root_needs_a_user(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="runAsNonRoot"):
        run_task("steps: [{name: s, image: alpine, script: 'true', securityContext: {runAsNonRoot: true}}]", tmp_path)


def test_a_read_only_root_is_honoured(tmp_path: Path) -> None:
    sandboxed()
    report, _events = run_task(
        """
steps:
- name: s
  image: alpine
  securityContext: {readOnlyRootFilesystem: true}
  script: "touch /workspace/x; ! touch /x"
""",
        tmp_path,
    )
    assert report.status == "Succeeded"


def test_results_that_do_not_fit_fail_their_step_and_the_ones_after_it_which_still_run(tmp_path: Path) -> None:
    report, events = run_task(
        """
results: [{name: r}]
steps:
- {name: big, image: alpine, script: "head -c 5000 /dev/zero | tr '\\\\0' x > $(results.r.path)"}
- {name: after, image: alpine, script: "echo ran"}
""",
        tmp_path,
    )
    assert endings(report) == [("big", 1, "Error"), ("after", 1, "Error")]
    assert lines(events, "after") == ["ran"]
    assert (report.status, report.message) == ("StepFailed", '"step-big" exited with code 1: Error')


FLAGS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: feature-flags}
data: {results-from: sidecar-logs, max-result-size: "6000"}
"""


def test_results_of_sidecar_logs_have_a_limit_each(tmp_path: Path) -> None:
    def spec(size: int) -> str:
        return f"""
results: [{{name: r}}]
steps: [{{name: s, image: alpine, script: "head -c {size} /dev/zero | tr '\\\\0' x > $(results.r.path)"}}]
"""

    report, _events = run_task(spec(5000), tmp_path, FLAGS)
    assert (report.status, len(report.results["r"])) == ("Succeeded", 5000)
    report, _events = run_task(spec(7000), tmp_path / "b", FLAGS)
    assert (report.status, report.message) == (
        "TaskRunResultLargerThanAllowedLimit",
        'TaskRun "run" failed: results exceeded size limit 6000 bytes',
    )


def test_home_is_that_of_the_image(tmp_path: Path) -> None:
    sandboxed()
    _report, events = run_task('steps: [{name: s, image: alpine, script: "echo $HOME"}]', tmp_path)
    assert lines(events, "s") == ["/root"]


def test_nothing_but_logs_is_left(tmp_path: Path) -> None:
    report, _events = run_task(
        'steps: [{name: s, image: alpine, script: "echo hi; touch /workspace/x"}]\n'
        "sidecars: [{name: c, image: alpine, script: 'sleep 9'}]",
        tmp_path,
    )
    assert sorted(os.listdir(Path(report.log_dir, "run"))) == ["logs"]

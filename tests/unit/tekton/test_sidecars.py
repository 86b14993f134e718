# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sidecars of TaskRuns as local processes."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Cancelled
from tests.unit.tekton.task_runs import endings, lines, run_task, sandboxed

SHARED = """
volumes: [{name: shared, emptyDir: {}}]
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_a_step_waits_until_the_readiness_probe_of_a_sidecar_passes(tmp_path: Path) -> None:
    report, _events = run_task(
        SHARED
        + """
sidecars:
- name: slow
  image: alpine
  script: "sleep 0.4; touch /shared/ready; sleep 60"
  volumeMounts: [{name: shared, mountPath: /shared}]
  readinessProbe: {exec: {command: [test, -e, /shared/ready]}, periodSeconds: 1}
steps:
- name: look
  image: alpine
  script: "test -e /shared/ready"
  volumeMounts: [{name: shared, mountPath: /shared}]
""",
        tmp_path,
    )
    assert (report.status, endings(report)) == ("Succeeded", [("look", 0, "Completed")])


def test_a_sidecar_sees_workspaces_but_not_the_scratch_of_the_steps(tmp_path: Path) -> None:
    sandboxed()
    report, _events = run_task(
        """
workspaces: [{name: w}]
sidecars:
- {name: s, image: alpine, script: "until test -e /workspace/w/asked; do sleep 0.02; done; ls /workspace > /workspace/w/answer"}
steps:
- name: ask
  image: alpine
  script: |
    touch /workspace/mine /workspace/w/asked
    until test -s /workspace/w/answer; do sleep 0.02; done
    test "$(cat /workspace/w/answer)" = w
""",
        tmp_path,
        rest="timeout: 20s\nworkspaces: [{name: w, emptyDir: {}}]",
    )
    assert report.status == "Succeeded", report.task_runs


def test_the_exit_code_of_a_sidecar_does_not_fail_the_run_and_is_told(tmp_path: Path) -> None:
    report, _events = run_task(
        """
sidecars: [{name: bad, image: alpine, script: "exit 3", readinessProbe: {exec: {command: ["false"]}}}, {image: alpine, script: "exec sleep 60"}]
steps: [{name: s, image: alpine, script: "true"}]
""",
        tmp_path,
    )
    found = [(one["name"], one["container"], one["exit_code"]) for one in report.task_runs[0]["sidecars"]]
    assert (report.status, found) == ("Succeeded", [("bad", "sidecar-bad", 3), ("", "sidecar", 143)])


def test_a_failed_sidecar_is_the_reason_when_a_step_fails_as_well(tmp_path: Path) -> None:
    report, _events = run_task(
        SHARED
        + """
sidecars:
- {name: bad, image: alpine, script: "exit 3", readinessProbe: {exec: {command: ["false"]}}}
steps: [{name: s, image: alpine, script: "exit 4"}]
""",
        tmp_path,
    )
    assert (report.status, report.message) == ("SidecarFailed", '"sidecar-bad" exited with code 3: Error')


def test_a_sidecar_ends_on_sigterm_and_what_it_prints_is_kept_apart(tmp_path: Path) -> None:
    report, events = run_task(
        """
sidecars:
- name: polite
  image: python
  script: |
    #!/usr/bin/env python3
    import pathlib, signal, sys
    def leave(*_):
        print("bye", flush=True)
        sys.exit(0)
    signal.signal(signal.SIGTERM, leave)
    print("hello", flush=True)
    pathlib.Path("/tmp/ready").touch()
    signal.pause()
  readinessProbe: {exec: {command: [test, -e, /tmp/ready]}, periodSeconds: 1, failureThreshold: 60}
steps: [{name: s, image: alpine, script: "echo step"}]
""",
        tmp_path,
    )
    assert (lines(events, "s"), lines(events, "sidecar-polite")) == (["step"], ["hello", "bye"])
    marked = {one.data.get("sidecar") for one in events.events if one.message == "hello"}
    log = Path(report.log_dir, "run", "logs", "sidecar-polite.log").read_text()
    assert (marked, log) == ({"polite"}, "hello\nbye\n")


def test_readiness_can_be_a_port_or_a_page(tmp_path: Path) -> None:
    port = free_port()
    report, _events = run_task(
        f"""
sidecars:
- name: web
  image: python
  ports: [{{name: http, containerPort: {port}}}]
  command: [python3, -m, http.server, --bind, 127.0.0.1, "{port}"]
  startupProbe: {{tcpSocket: {{port: {port}}}, periodSeconds: 1, failureThreshold: 20}}
  readinessProbe: {{httpGet: {{path: /, port: http}}, periodSeconds: 1}}
steps:
- name: ask
  image: python
  script: |
    #!/usr/bin/env python3
    import urllib.request
    print(urllib.request.urlopen("http://127.0.0.1:{port}/").status)
""",
        tmp_path,
    )
    assert report.status == "Succeeded", report.task_runs


def test_a_sidecar_that_never_gets_ready_ends_in_a_timeout_without_any_step(tmp_path: Path) -> None:
    report, _events = run_task(
        """
sidecars: [{name: s, image: alpine, script: "sleep 60", readinessProbe: {exec: {command: ["false"]}}}]
steps: [{name: never, image: alpine, script: "true"}]
""",
        tmp_path,
        rest="timeout: 500ms",
    )
    assert (report.status, endings(report)) == ("TaskRunTimeout", [])


def test_a_sidecar_that_fails_its_liveness_probe_is_ended(tmp_path: Path) -> None:
    report, events = run_task(
        """
sidecars:
- {name: s, image: alpine, script: "exec sleep 60", livenessProbe: {exec: {command: ["false"]}, periodSeconds: 1, failureThreshold: 1}}
steps: [{name: s, image: alpine, script: "sleep 1"}]
""",
        tmp_path,
    )
    warned = [one.message for one in events.events if one.reason == "Sidecar"]
    assert report.task_runs[0]["sidecars"][0]["exit_code"] == 143
    assert warned and "liveness probe failed" in warned[0]


def test_cancelling_stops_the_sidecars(tmp_path: Path) -> None:
    cancel = Cancel()
    threading.Timer(0.5, lambda: cancel.set("enough")).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        run_task(
            """
sidecars: [{name: s, image: alpine, script: "touch /tmp/x; exec sleep 61.25"}]
steps: [{name: s, image: alpine, script: "exec sleep 60"}]
""",
            tmp_path,
            cancel=cancel,
        )
    assert time.monotonic() - began < 10
    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"61.25" in _content(path)]
    assert left == []


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_sidecar_whose_program_is_missing_counts_as_ended(tmp_path: Path) -> None:
    report, _events = run_task(
        """
sidecars: [{name: s, image: alpine, command: [nosuchprogram]}]
steps: [{name: s, image: alpine, script: "true"}]
""",
        tmp_path,
    )
    assert (report.status, report.task_runs[0]["sidecars"][0]["exit_code"]) == ("Succeeded", 128)

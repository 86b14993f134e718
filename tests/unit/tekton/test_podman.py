# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TaskRuns in containers of podman. Skipped where podman runs none."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Cancelled, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Recorder
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from tests.unit.tekton.podman_here import IMAGE, arguments, podman, registry
from tests.unit.tekton.task_runs import endings, lines, run_task


@pytest.fixture(autouse=True)
def working(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        monkeypatch.setenv("SLIPWAY_PODMAN_ARGS", arguments())
    except RuntimeError as reason:
        pytest.skip(str(reason))


def run(spec: str, folder: Path, **more: object) -> tuple[api.Report, Recorder]:
    return run_task(spec.replace("IMAGE", IMAGE), folder, executor="podman", **more)  # type: ignore[arg-type]


def left() -> list[str]:
    """Return the pods of runs named run."""
    return podman("pod", "ps", "--quiet", "--filter", "label=slipway.dev/task-run=run").stdout.split()


def step_runs() -> bool:
    """Wait until the first step of a run named run is running; False when a minute has passed."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if podman("ps", "--quiet", "--filter", "status=running", "--filter", "name=run-steps-0").stdout:
            return True
    return False


def test_steps_share_files_and_write_results(tmp_path: Path) -> None:
    report, events = run(
        """
results: [{name: sum}]
steps:
- {name: one, image: IMAGE, script: "echo 41 > /workspace/data"}
- name: two
  image: IMAGE
  script: "echo $(( $(cat /workspace/data) + 1 )) | tr -d '\\n' | tee $(results.sum.path)"
""",
        tmp_path,
    )
    assert (report.status, report.results) == ("Succeeded", {"sum": "42"}), report.message
    assert lines(events, "two") == ["42"]


def test_a_state_folder_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report, _events = run('steps: [{name: s, image: IMAGE, script: "true"}]', Path("here"))
    assert report.status == "Succeeded", report.message


def test_no_pod_is_left(tmp_path: Path) -> None:
    run('steps: [{name: s, image: IMAGE, script: "exit 3"}]', tmp_path)
    assert left() == []


def test_a_failing_step_ends_the_run(tmp_path: Path) -> None:
    report, _events = run(
        'steps: [{name: a, image: IMAGE, script: "exit 3"}, {name: b, image: IMAGE, script: "true"}]', tmp_path
    )
    assert report.message == '"step-a" exited with code 3: Error'
    assert endings(report) == [("a", 3, "Error"), ("b", 1, "Skipped")]


def test_a_step_without_a_command_runs_the_entry_point_of_its_image(tmp_path: Path) -> None:
    _report, events = run("steps: [{name: s, image: IMAGE, args: [an argument]}]", tmp_path)
    assert lines(events, "s") == ["entry point: an argument"]


def test_variables_of_all_kinds_arrive(tmp_path: Path) -> None:
    _report, events = run(
        """
steps:
- name: s
  image: IMAGE
  env:
  - {name: PLAIN, value: "a=b # c "}
  - {name: QUOTED, value: '"q"'}
  - {name: LINES, value: "one\\ntwo"}
  script: 'echo "[$PLAIN][$QUOTED][$LINES]"'
""",
        tmp_path,
    )
    assert lines(events, "s") == ['[a=b # c ]["q"][one', "two]"]


def test_users_and_read_only_roots_are_honoured(tmp_path: Path) -> None:
    _report, events = run(
        """
steps:
- name: s
  image: IMAGE
  securityContext: {runAsUser: 1234, runAsGroup: 99, readOnlyRootFilesystem: true}
  script: "id -u; id -g; touch /tmp/x 2>/dev/null || echo read-only"
""",
        tmp_path,
    )
    assert lines(events, "s") == ["1234", "99", "read-only"]


def test_credentials_belong_to_the_user_of_the_step(tmp_path: Path) -> None:
    objects = """
apiVersion: v1
kind: Secret
metadata: {name: token, annotations: {tekton.dev/git-0: "https://example.com"}}
type: kubernetes.io/basic-auth
stringData: {username: me, password: not-to-be-seen}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: bot}
secrets: [{name: token}]
"""
    report, events = run(
        """
steps:
- {name: root, image: IMAGE, script: "wc -l < $HOME/.git-credentials"}
- {name: user, image: IMAGE, securityContext: {runAsUser: 1234}, script: "wc -l < /tekton/creds/.git-credentials"}
""",
        tmp_path,
        objects=objects,
        rest="serviceAccountName: bot",
    )
    assert report.status == "Succeeded", report.message
    assert (lines(events, "root"), lines(events, "user")) == (["1"], ["1"])


def test_a_read_only_mount_stays_so_inside_a_writable_one(tmp_path: Path) -> None:
    _report, events = run(
        'steps: [{name: s, image: IMAGE, script: "touch /tekton/steps/x 2>/dev/null || echo read-only"}]', tmp_path
    )
    assert lines(events, "s") == ["read-only"]


def test_a_missing_image_is_told_as_tekton_does(tmp_path: Path) -> None:
    report, _events = run(
        "steps: [{name: s, image: localhost/there-is-none, imagePullPolicy: Never, command: [x]}]", tmp_path
    )
    assert report.status == "TaskRunImagePullFailed"
    assert report.message.startswith(
        'The step "s" in TaskRun "run" failed to pull the image "localhost/there-is-none". The pod errored'
    )


def test_a_registry_that_cannot_be_reached_is_no_error_of_ours(tmp_path: Path) -> None:
    report, _events = run("steps: [{name: s, image: 'localhost:1/none', command: [x]}]", tmp_path)
    assert report.status == "TaskRunImagePullFailed"


def test_a_registry_without_tls_is_asked_only_when_it_is_named(tmp_path: Path) -> None:
    with registry(tmp_path / "image") as host:
        name = f"{host}/image:1"
        try:
            spec = f"steps: [{{name: s, image: '{name}', args: [pulled]}}]"
            refused, _events = run(spec, tmp_path / "one")
            _report, events = run(spec, tmp_path / "two", insecure_registries=[host])
        finally:
            podman("rmi", "--force", name)
    assert refused.status == "TaskRunImagePullFailed"
    assert lines(events, "s") == ["entry point: pulled"]


def test_images_can_be_replaced(tmp_path: Path) -> None:
    _report, events = run(
        'steps: [{name: s, image: alpine, script: "echo here"}]', tmp_path, image_map=[{"image": "alp*", "use": IMAGE}]
    )
    assert lines(events, "s") == ["here"]


def test_a_sidecar_is_reached_at_localhost_and_probed_at_its_port(tmp_path: Path) -> None:
    report, events = run(
        """
sidecars:
- name: web
  image: IMAGE
  script: "mkdir /www; echo page > /www/index.html; exec httpd -f -p 8123 -h /www"
  readinessProbe: {httpGet: {port: 8123, path: /index.html}}
steps: [{name: s, image: IMAGE, script: "wget -q -O - http://127.0.0.1:8123/index.html"}]
""",
        tmp_path,
    )
    assert lines(events, "s") == ["page"], report.message


def test_a_probe_is_executed_in_the_container(tmp_path: Path) -> None:
    report, _events = run(
        """
sidecars:
- name: slow
  image: IMAGE
  script: "touch /own; exec sleep 100"
  readinessProbe: {exec: {command: [test, -e, /own]}}
steps: [{name: s, image: IMAGE, script: "true"}]
""",
        tmp_path,
    )
    assert report.status == "Succeeded", report.message


def test_a_step_out_of_time_is_stopped(tmp_path: Path) -> None:
    report, _events = run('steps: [{name: s, image: IMAGE, timeout: 1s, script: "exec sleep 100"}]', tmp_path)
    assert endings(report) == [("s", 1, "TimeoutExceeded")]
    assert left() == []


def test_a_cancelled_run_leaves_nothing(tmp_path: Path) -> None:
    cancel = Cancel()

    def cancel_a_running_step() -> None:
        step_runs()
        cancel.set("enough")

    threading.Thread(target=cancel_a_running_step).start()
    with pytest.raises(Cancelled):
        run('steps: [{name: s, image: IMAGE, script: "exec sleep 100"}]', tmp_path, cancel=cancel)
    assert left() == []


def test_a_killed_run_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import pathlib; from tests.unit.tekton.test_podman import run; "
        f"run('steps: [{{name: s, image: IMAGE, script: \"exec sleep 100\"}}]', pathlib.Path({str(tmp_path)!r}))"
    )
    child = subprocess.Popen([sys.executable, "-c", program])
    try:
        assert step_runs(), "the step has not started"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    deadline = time.monotonic() + 30
    while left():
        assert time.monotonic() < deadline, "the pod is still there"


def test_privileged_steps_need_permission(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"steps\[0\]\.securityContext\.privileged"):
        run("steps: [{name: s, image: IMAGE, securityContext: {privileged: true}, command: [id]}]", tmp_path)

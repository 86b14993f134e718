# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real runs of real playbooks: done, failed, cancelled, killed, queued, superseded. They need no cluster."""

from __future__ import annotations

import itertools
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slipway.core import SlipwayError
from slipway.events import log
from slipway.runs import api, processes
from slipway.runs.model import Run, Status

SLEEPER = """
- name: Sleep
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Start a child that ignores signals and one in a session of its own
      ansible.builtin.command: sh -c 'trap "" INT TERM; setsid sleep {seconds} & sleep {seconds}'
"""
HELLO = """
- name: Hello
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Say it
      ansible.builtin.debug:
        msg: "{{ who }} {{ api_token }}"
    - name: Change something
      ansible.builtin.copy:
        content: "{{ who }}"
        dest: "{{ target }}"
        mode: "0600"
    - name: Hand it over
      ansible.builtin.set_stats:
        data:
          who: "{{ who }}"
"""
EMPTY = "- hosts: localhost\n  gather_facts: false\n  tasks: []\n"
_NUMBERS = itertools.count(1)
CANARY = "planted-canary-value"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def playbook(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / "play.yml"
        path.write_text(text)
        return str(path)

    return write


@pytest.fixture
def sleeper(playbook: Callable[[str], str], state: Path) -> Iterator[tuple[str, str]]:
    """A playbook that sleeps, and the argument by which its children are known: another one in each test.

    A test that fails must not leave children that satisfy the next one.
    """
    seconds = f"{os.getpid()}{next(_NUMBERS):04d}"
    yield playbook(SLEEPER.replace("{seconds}", seconds)), seconds
    processes.end_all(lambda: processes.marked("SLIPWAY_STATE_DIR", str(state)), 0.2)


def sleeping(seconds: str) -> set[int]:
    return {
        pid for pid in processes.pids() if processes.command(pid) == ["sleep", seconds] and processes.start_time(pid)
    }


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def slipway(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "slipway", *arguments], capture_output=True, text=True, timeout=60)


def phases(run: Run) -> list[tuple[str, str]]:
    return [(event.subject.name, event.phase) for event in log.read(api.events_path(run))]


def test_a_run_is_done_and_leaves_events_output_and_result(playbook: Callable[[str], str], tmp_path: Path) -> None:
    values = {"who": "{{ lookup('pipe', 'id') }}", "api_token": CANARY, "target": str(tmp_path / "out")}
    run = api.wait(api.start(playbook(HELLO), values, project="shop").id, 60)
    assert (run.status, run.exit_code, run.project) == (Status.SUCCEEDED, 0, "shop")
    assert (tmp_path / "out").read_text() == "{{ lookup('pipe', 'id') }}"
    assert api.result(run) == {"who": "{{ lookup('pipe', 'id') }}"}
    assert ("Say it", "Succeeded") in phases(run)
    numbers = [json.loads(line)["seq"] for line in api.events_path(run).read_text().splitlines()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_secrets_do_not_stay_and_everything_is_private(
    playbook: Callable[[str], str], tmp_path: Path, state: Path
) -> None:
    values = {"who": "me", "api_token": CANARY, "target": str(tmp_path / "out")}
    run = api.wait(api.start(playbook(HELLO), values, verbosity=3).id, 60)
    assert "me ********" in api.output_path(run).read_text()
    for path in [state, *state.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
        assert path.is_dir() or CANARY.encode() not in path.read_bytes(), path
    assert not (run.directory / "env").exists()
    assert not list(Path("/dev/shm").glob(f"slipway-*-{run.id}"))


def test_a_check_tells_pending_changes_by_exit_2(playbook: Callable[[str], str], tmp_path: Path) -> None:
    values = ["-e", "who=me", "-e", "api_token=x", "-e", f"target={tmp_path / 'out'}"]
    done = slipway("run", playbook(HELLO), "--check", *values, "--output", "json")
    assert done.returncode == 2, done.stderr
    assert json.loads(done.stdout)["status"] == "ChangesPending"
    assert not (tmp_path / "out").exists()


def test_a_failure_is_found_in_the_events(playbook: Callable[[str], str]) -> None:
    text = EMPTY.replace("[]", "[{name: Break, ansible.builtin.fail: {msg: broken}}]")
    done = slipway("run", playbook(text), "--output", "json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["status"], told["why"]) == (10, "Failed", "broken")


def test_a_playbook_that_cannot_be_read_exits_15(playbook: Callable[[str], str]) -> None:
    done = slipway("run", playbook("- hosts: localhost\n  tasks\n"), "--quiet")
    assert done.returncode == 15
    assert "play.yml" in done.stdout


def test_cancel_from_another_process_leaves_no_child(sleeper: tuple[str, str]) -> None:
    path, seconds = sleeper
    handle = api.start(path, {}, grace=1.0)
    until(lambda: len(sleeping(seconds)) == 2)
    done = slipway("cancel", handle.id)
    assert done.returncode == 0, done.stderr
    run = api.get(handle.id)
    assert (run.status, run.exit_code) == (Status.CANCELLED, 13)
    assert sleeping(seconds) == set()
    assert phases(run)[-1] == (run.id, "Cancelled")


def test_ctrl_c_in_the_foreground_cancels(sleeper: tuple[str, str]) -> None:
    path, seconds = sleeper
    command = [sys.executable, "-m", "slipway", "run", path, "--grace", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until(lambda: len(sleeping(seconds)) == 2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 13, err
    assert "Cancelled" in out
    assert "Traceback" not in err
    assert sleeping(seconds) == set()


def test_a_time_out_exits_12_and_leaves_no_child(sleeper: tuple[str, str]) -> None:
    path, seconds = sleeper
    run = api.wait(api.start(path, {}, timeout=3.0, grace=0.5).id, 60)
    assert (run.status, run.exit_code, run.why) == (Status.TIMED_OUT, 12, "did not end within 3 s")
    assert sleeping(seconds) == set()


def test_a_killed_worker_is_cleaned_up_and_the_queue_goes_on(
    sleeper: tuple[str, str], tmp_path: Path, state: Path
) -> None:
    path, seconds = sleeper
    first = api.start(path, {"api_token": CANARY})
    until(lambda: len(sleeping(seconds)) == 2)
    quick = tmp_path / "quick.yml"
    quick.write_text(EMPTY)
    second = api.start(str(quick), {})
    os.kill(api.journal().get(first.id).owner.pid, signal.SIGKILL)
    until(lambda: not sleeping(seconds), 5)  # the watchdog, no command of ours, ends them
    assert api.wait(second.id, 30).status is Status.SUCCEEDED
    run = api.get(first.id)
    assert (run.status, run.exit_code) == (Status.INTERRUPTED, 70)
    assert phases(run)[-1] == (run.id, "Failed")
    listed = json.loads(slipway("show", first.id, "--output", "json").stdout)
    assert listed["status"] == "Interrupted"
    assert not [path for path in state.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]


def test_a_killed_worker_is_noticed_without_its_watchdog(sleeper: tuple[str, str]) -> None:
    path, seconds = sleeper
    handle = api.start(path, {})
    until(lambda: len(sleeping(seconds)) == 2)
    worker = api.journal().get(handle.id).owner.pid
    watchdog = next(pid for pid in processes.children(worker) if "slipway.runs.worker" in processes.command(pid))
    os.kill(watchdog, signal.SIGKILL)
    owner = api.journal().get(handle.id).owner
    os.kill(worker, signal.SIGKILL)
    until(lambda: not processes.alive(owner))  # a signal is delivered a moment after kill() returned
    assert api.get(handle.id).status is Status.INTERRUPTED
    assert sleeping(seconds) == set()


def test_runs_of_a_project_wait_for_each_other(sleeper: tuple[str, str]) -> None:
    path, seconds = sleeper
    first, second = api.start(path, {}, grace=0.5), api.start(path, {}, grace=0.5)
    until(lambda: len(sleeping(seconds)) == 2)
    until(
        lambda: any(
            event.reason == "Queued" and first.id in event.message for event in log.read(api.events_path(second))
        )
    )
    assert api.get(second.id).status is Status.QUEUED
    api.cancel(second.id)
    ended = api.wait(second.id, 30)
    assert (ended.status, ended.started) == (Status.CANCELLED, None)
    api.cancel(first.id, force=True)
    assert api.wait(first.id, 30).status is Status.CANCELLED


def test_supersede_cancels_what_runs(sleeper: tuple[str, str], tmp_path: Path) -> None:
    path, seconds = sleeper
    first = api.start(path, {}, grace=0.5)
    until(lambda: len(sleeping(seconds)) == 2)
    quick = tmp_path / "quick.yml"
    quick.write_text(EMPTY)
    second = api.start(str(quick), {}, policy="supersede")
    assert api.wait(second.id, 30).status is Status.SUCCEEDED
    run = api.get(first.id)
    assert (run.status, run.why) == (Status.CANCELLED, f"superseded by {second.id}")
    assert sleeping(seconds) == set()


def test_the_same_event_gives_the_same_run(playbook: Callable[[str], str]) -> None:
    path = playbook(EMPTY)
    first = api.start(path, {}, event_id="push-1")
    api.wait(first.id, 30)
    again = api.start(path, {}, event_id="push-1")
    assert (again.id, again.reused) == (first.id, True)


def test_a_run_that_ended_can_be_continued(playbook: Callable[[str], str]) -> None:
    task = """[{ansible.builtin.set_stats: {data: {before: "{{ lookup('env', 'SLIPWAY_RESUMES') }}"}}}]"""
    path = playbook(EMPTY.replace("[]", task))
    first = api.start(path, {})
    api.wait(first.id, 30)
    second = api.wait(api.resume(first.id).id, 30)
    assert second.resumes == first.id
    assert api.result(second) == {"before": first.id}


def test_a_replay_shows_the_same_records(playbook: Callable[[str], str]) -> None:
    path = playbook(EMPTY.replace("[]", "[ansible.builtin.ping: ]"))
    live = slipway("run", path, "--output", "jsonl")
    replayed = slipway("watch", "last", "--output", "jsonl")
    assert live.returncode == replayed.returncode == 0

    def shown(done: subprocess.CompletedProcess[str]) -> list[str]:
        records = [json.loads(line) for line in done.stdout.splitlines()]
        return [f"{record['seq']} {record['subject']['name']} {record['phase']}" for record in records[:-1]]

    assert shown(live) == shown(replayed)
    assert len(shown(live)) >= 5


def test_wrong_input_starts_nothing(tmp_path: Path) -> None:
    for arguments in ({"playbook": "/nowhere.yml"}, {"playbook": "x", "policy": "maybe"}, {"playbook": "x", "odd": 1}):
        with pytest.raises(SlipwayError):
            api.start(**arguments)  # type: ignore[arg-type]
    assert api.listed() == []

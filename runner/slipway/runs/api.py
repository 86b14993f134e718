# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs, for everybody: start, wait, cancel, look. The only face of this package.

    handle = start("deliver.yml", {"revision": "main"}, project="shop", policy="queue")
    run = wait(handle.id)

Knows the journal and the worker's command line; what a run does is the worker's.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from slipway import state
from slipway.core import Clock, Invalid, Permanent, RealClock, TimedOut, redact, suffix
from slipway.events import log
from slipway.runs import processes, record, recovery
from slipway.runs.held import Held
from slipway.runs.journal import Journal, NewRun
from slipway.runs.model import Policy, Request, Run, RunHandle, Status
from slipway.runs.play import OUTPUT, RESULT

__all__ = [
    "Held",
    "Policy",
    "Request",
    "Run",
    "RunHandle",
    "Status",
    "cancel",
    "events_path",
    "find",
    "get",
    "journal",
    "listed",
    "output_path",
    "result",
    "resume",
    "start",
    "wait",
]

_FQCN = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*){2,}")
_POLL = 0.1


def start(
    playbook: str,
    extra_vars: Mapping[str, Any] | None = None,
    *,
    project: str = "default",
    policy: str = "queue",
    event_id: str = "",
    resumes: str = "",
    hold: bool = False,
    **options: Any,
) -> RunHandle:
    """Start a playbook (a path, or `slipway.gitops.<name>`) and return at once.

    `policy` is `queue` (first in, first out, one at a time per project) or `supersede` (cancel what the project
    runs or has queued). The same `event_id` in a project gives the run that already answers it. `options` are the
    other fields of Request. Extra vars are data and never templated unless `templates=True`. With `hold` the run is
    journaled and waits for `Held` (or for its handle's `launch`): a long queue costs no processes.
    Raises Invalid for a wrong playbook or policy, Permanent when the state directory cannot be used.
    """
    request = _request(playbook, dict(extra_vars or {}), options)
    runs = journal()
    if not hold:
        recovery.reconcile(runs)
    run_id = _new_id()
    new = NewRun(
        id=run_id,
        project=project or "default",
        playbook=request.playbook,
        policy=_policy(policy),
        directory=state.runs_dir() / run_id,
        owner=processes.identity(os.getpid()),
        event_id=event_id,
        resumes=resumes,
        check=request.check,
    )
    state.private_dir(state.runs_dir())
    run, fresh = runs.add(new)
    if not fresh and not (hold and _waits_for_nobody(run)):
        return RunHandle(run.id, run.directory, reused=True)
    if not fresh:
        runs.own(run.id, new.owner)
    if hold:
        return RunHandle(run.id, run.directory, reused=not fresh, launch=lambda: _launch(runs, run, request))
    _launch(runs, run, request)
    return RunHandle(run.id, run.directory)


def resume(
    run_id: str, extra_vars: Mapping[str, Any] | None = None, *, policy: str = "queue", **options: Any
) -> RunHandle:
    """Start the playbook of an ended run again, as its continuation.

    Engines keep their own state and skip what is done; the playbook sees SLIPWAY_RESUMES. Extra vars are not kept
    on disk and must be given again.
    """
    before = find(run_id)
    if before.status.active:
        raise Invalid("run", f"{before.id} is still {before.status.value.lower()}", hint=f"slipway watch {before.id}")
    return start(before.playbook, extra_vars, project=before.project, policy=policy, resumes=before.id, **options)


def wait(run_id: str, timeout: float | None = None, clock: Clock | None = None) -> Run:
    """Return the run once it has ended. Raises TimedOut after `timeout` seconds; the run goes on then."""
    clock, runs = clock or RealClock(), journal()
    deadline = None if timeout is None else clock.monotonic() + timeout
    while True:
        run = runs.get(run_id)
        if not run.status.active:
            return run
        if not processes.alive(run.owner):
            recovery.reconcile(runs)
            continue
        if deadline is not None and clock.monotonic() >= deadline:
            raise TimedOut(f"run {run_id} is still {run.status.value.lower()} after {timeout:g} s")
        clock.sleep(_POLL)


def cancel(run_id: str, why: str = "cancelled", *, force: bool = False) -> Run:
    """Ask a run to stop, from any process, and return it as it is now. `force` skips the grace. Ended runs stay."""
    runs = journal()
    recovery.reconcile(runs)
    return runs.request_cancel(runs.find(run_id).id, why, force=force)


def get(run_id: str) -> Run:
    """Return one run by its whole id, as it truly stands: a dead worker is noticed here."""
    runs = journal()
    recovery.reconcile(runs)
    return runs.get(run_id)


def find(text: str) -> Run:
    """Return the run a person means: an id, its start or end, or `last`."""
    runs = journal()
    recovery.reconcile(runs)
    return runs.find(text)


def listed(*, project: str = "", statuses: Sequence[Status] = (), limit: int = 20, event_id: str = "") -> list[Run]:
    """Return runs, newest first."""
    runs = journal()
    recovery.reconcile(runs)
    return runs.listed(project=project, statuses=statuses, limit=limit, event_id=event_id)


def result(run: Run | RunHandle) -> Any:
    """Return what the playbook left as its result, None when it left nothing."""
    try:
        return json.loads((run.directory / RESULT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Permanent(f"the result of run {run.id} cannot be read: {error}", reason="Result") from error


def events_path(run: Run | RunHandle) -> Path:
    """Return the run's event file."""
    return run.directory / log.NAME


def output_path(run: Run | RunHandle) -> Path:
    """Return the file with what Ansible printed."""
    return run.directory / OUTPUT


def journal() -> Journal:
    """Return the journal of the state directory in force."""
    return _journal(state.journal_path())


@lru_cache(maxsize=8)
def _journal(path: Path) -> Journal:
    return Journal(path)


def _waits_for_nobody(run: Run) -> bool:
    """Return whether a run is queued by a process that is gone: who starts it again takes it over."""
    return run.status is Status.QUEUED and not processes.alive(run.owner)


def _request(playbook: str, extra_vars: dict[str, Any], options: dict[str, Any]) -> Request:
    try:
        request = Request(playbook=playbook, extra_vars=extra_vars, **options)
    except TypeError as error:
        raise Invalid("options", str(error)) from error
    cwd = request.cwd or os.getcwd()
    path = Path(cwd, playbook).absolute()
    if path.is_file():
        playbook = str(path)
    elif not _FQCN.fullmatch(playbook):
        raise Invalid(
            "playbook", f"there is no file {path}", hint="give a path, or a name such as slipway.gitops.deliver"
        )
    inventory = tuple(_whole(cwd, item) for item in request.inventory)
    return replace(request, playbook=playbook, cwd=cwd, inventory=inventory)


def _whole(cwd: str, item: str) -> str:
    """An inventory may be a path or a list of hosts ("web1,")."""
    path = Path(cwd, item)
    return str(path.absolute()) if path.exists() else item


def _launch(runs: Journal, run: Run, request: Request) -> None:
    """Start the worker in a session of its own and hand it the request through a pipe."""
    state.private_dir(run.directory)
    sink = record.emitter(run.id, run.directory)
    message = f"continues {run.resumes}" if run.resumes else ""
    sink.emit(record.subject(run), "Waiting", reason="Queued", message=message, data={"project": run.project})
    descriptor = os.open(run.directory / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        # -P: the current directory must not be able to shadow a module.
        command = [sys.executable, "-P", "-m", "slipway.runs.worker", run.id]
        worker = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=descriptor, stderr=descriptor, start_new_session=True
        )
    except OSError as error:
        raise state.disk_error(error, Path(sys.executable)) from error
    finally:
        os.close(descriptor)
    runs.own(run.id, processes.identity(worker.pid))
    _hand_over(worker, json.dumps(asdict(request), default=str).encode())


def _hand_over(worker: subprocess.Popen[bytes], data: bytes) -> None:
    assert worker.stdin is not None
    try:
        worker.stdin.write(data)
        worker.stdin.close()
    except BrokenPipeError:  # it died at once: the journal will say Interrupted, worker.log why
        pass
    # A long-living starter (`serve`) must not collect zombies.
    threading.Thread(target=worker.wait, name=f"reap-{worker.pid}", daemon=True).start()


def _policy(text: str) -> Policy:
    try:
        return Policy(text)
    except ValueError:
        names = ", ".join(policy.value for policy in Policy)
        raise Invalid("policy", f"unknown policy '{redact.current.scrub(text)}'", hint=f"one of {names}") from None


def _new_id() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{suffix()}"

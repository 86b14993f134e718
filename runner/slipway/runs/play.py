# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs one playbook with ansible-runner, around its traps.

* What Ansible prints goes scrubbed into `output.log`; ansible-runner's own stdout and job event files, which would
  hold secrets in plain text, are not written, and its `command` file, which holds the environment, is removed.
* The run is never cancelled through ansible-runner (SIGKILL on one process group, noticed late): see control.py.
* ansible-runner switches host key checking off and facts caching to disk on: both are taken back.

Must not know the journal.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from slipway import collection, state
from slipway.core import redact
from slipway.events import log
from slipway.runs.extravars import Handed, forget, render, scratch
from slipway.runs.model import Request
from slipway.runs.outcome import Reader

IDENT = "job"
OUTPUT = "output.log"
RESULT = "result.json"
LOCAL = 'localhost ansible_connection=local ansible_python_interpreter="{{ ansible_playbook_python }}"\n'


@dataclass
class Play:
    """One playbook, about to run in `directory` (the run's private data directory)."""

    run_id: str
    directory: Path
    request: Request
    reader: Reader
    resumes: str = ""
    lost: str = ""

    def execute(self, spawned: Callable[[], None]) -> int:
        """Run to the end and return the exit code of ansible-playbook. `spawned` is called when it is being started."""
        from ansible_runner import Runner
        from pexpect.exceptions import TIMEOUT  # type: ignore[import-untyped]

        handed = Handed(render(self.request.extra_vars, templates=self.request.templates), self.run_id, self.directory)
        try:
            with self._output() as output:
                config = self._config(handed.argument)
                handler = self._handler(output, handed.close)
                runner = Runner(config, event_handler=handler, status_handler=self._status(spawned))
                try:
                    runner.run()
                except TIMEOUT:  # something of the play outlived it and holds the terminal: the statistics decide
                    return self._judge_by_statistics()
            return self._judge_by_statistics() if runner.rc is None else int(runner.rc)
        finally:
            handed.close()
            self.clean()

    def clean(self) -> None:
        """Remove what ansible-runner left and may hold values: environment, extra vars, facts, half written events."""
        clean_artifacts(self.run_id, self.directory)

    @property
    def artifacts(self) -> Path:
        """Where ansible-runner passes events on. In memory: on a full disk Ansible would lose its results and hang."""
        return scratch(self.run_id, self.directory) / "artifacts"

    def environment(self) -> dict[str, str]:
        """Return the variables that the playbook gets on top of the worker's own."""
        tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        return {
            "PATH": tools,
            "ANSIBLE_COLLECTIONS_PATH": collection.search_path(),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
            **self.request.env,
            "SLIPWAY_EVENTS": str(self.directory / log.NAME),
            "SLIPWAY_RESULT": str(self.directory / RESULT),
            "SLIPWAY_RUN": self.run_id,
            "SLIPWAY_STATE_DIR": str(state.state_dir()),
            **({"SLIPWAY_RESUMES": self.resumes} if self.resumes else {}),
        }

    def arguments(self, extra_vars: str) -> str:
        """Return the part of the command line that ansible-runner has no option for."""
        parts = ["-e", extra_vars] if self.request.extra_vars else []
        parts += ["--check"] if self.request.check else []
        parts += ["--diff"] if self.request.diff else []
        return shlex.join(parts)

    def _config(self, extra_vars: str) -> Any:
        from ansible_runner import RunnerConfig

        request, environment = self.request, self.environment()
        config = RunnerConfig(
            str(self.directory),
            playbook=request.playbook,
            inventory=self._inventory(),
            artifact_dir=str(self.artifacts),
            project_dir=request.cwd or os.getcwd(),
            ident=IDENT,
            envvars=environment,
            cmdline=self.arguments(extra_vars) or None,
            tags=request.tags or None,
            skip_tags=request.skip_tags or None,
            limit=request.limit or None,
            verbosity=request.verbosity or None,
            fact_cache_type="",
        )
        config.prepare()
        # Not through `settings`: those are dropped when there is no env/settings file.
        config.pexpect_timeout = 1
        config.suppress_ansible_output = config.suppress_output_file = True
        for name in ("ANSIBLE_HOST_KEY_CHECKING", "ANSIBLE_RETRY_FILES_ENABLED"):
            if name not in os.environ and name not in environment:
                config.env.pop(name, None)
        return config

    def _inventory(self) -> list[str]:
        if self.request.inventory:
            return list(self.request.inventory)
        path = state.private_dir(self.directory / "inventory") / "hosts"
        state.write_private(path, LOCAL)
        return [str(path)]

    @contextmanager
    def _output(self) -> Iterator[IO[str]]:
        path = self.directory / OUTPUT
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        output = os.fdopen(descriptor, "a", encoding="utf-8")
        try:
            yield output
        finally:
            try:
                output.close()
            except OSError as error:
                self._miss(error)

    def _handler(self, output: IO[str], loaded: Callable[[], None]) -> Callable[[dict[str, Any]], bool]:
        def handle(event: dict[str, Any]) -> bool:
            if event.get("event") == "playbook_on_start":
                loaded()  # Ansible has read the extra vars
            text = str(event.get("stdout") or "")
            self.reader.take(event)
            if text:
                self._keep(output, redact.current.scrub(text).replace("\r\n", "\n") + "\n")
            return False  # ansible-runner must not write the event, it is not redacted

        return handle

    def _keep(self, output: IO[str], text: str) -> None:
        """Write what Ansible printed. A full disk must not end a delivery half way, nor go unnoticed."""
        try:
            output.write(text)
            output.flush()
        except OSError as error:
            self._miss(error)

    def _miss(self, error: OSError) -> None:
        self.lost = self.lost or f"output is incomplete: {state.disk_error(error, self.directory / OUTPUT).message}"

    def _status(self, spawned: Callable[[], None]) -> Callable[..., None]:
        def handle(status: Mapping[str, Any], **_: Any) -> None:
            if status.get("status") == "running":  # `command` was written a moment ago, with all the environment
                (self.artifacts / IDENT / "command").unlink(missing_ok=True)
                spawned()

        return handle

    def _judge_by_statistics(self) -> int:
        counts = self.reader.counts
        if not counts:
            return -9
        return 2 if counts.get("failures") else 4 if counts.get("dark") else 0


def clean_artifacts(run_id: str, directory: Path) -> None:
    """Remove what may hold values of a run in plain text. Safe to repeat, also after a crash."""
    forget(run_id, directory)

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller side of every action plugin, written once.

Spec validation, plain builtins, no_log, check and diff flags, events and live lines, cancellation,
structured failures. Knows no engine.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.slipway.gitops.plugins.module_utils._core import redact
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import (
    Invalid,
    Permanent,
    Refused,
    SlipwayError,
)
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Emitter, Event, file_writer
from ansible_collections.slipway.gitops.plugins.plugin_utils import _source

if TYPE_CHECKING:
    from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
    from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client

_PR_SET_PDEATHSIG = 1
_COLOURS = {"Succeeded": "green", "Changed": "yellow", "Failed": "red", "Warning": "bright purple", "Log": "white"}
_GRACE = 1.0


@dataclass
class Result:
    """What a plugin's work came to. `diff` holds Ansible's before/after records."""

    changed: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    diff: list[dict[str, Any]] | None = None
    failure: SlipwayError | None = None


def plain(value: Any) -> Any:
    """Return `value` without Ansible's tagged subclasses: exact dict, list, str, int, float, bool, None."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    return str(value)


class GitOpsAction(ActionBase):
    """Base of the collection's action plugins: subclasses give SPEC and `perform`."""

    SPEC: ClassVar[dict[str, Any]] = {}
    CONSTRAINTS: ClassVar[dict[str, Any]] = {}
    REMOTE_MODULE: ClassVar[str] = ""  # the module that does the same work on a remote host, where there is one
    _supports_async = False
    _supports_check_mode = True
    _supports_diff = True

    check_mode: bool
    diff_mode: bool
    events: Emitter
    cancel: Cancel

    def perform(self, options: dict[str, Any]) -> Result:
        """Do the work. Raise SlipwayError, or return a Result that may hold one."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action: the entry point that Ansible calls."""
        answer: dict[str, Any] = super().run(tmp, task_vars) or {}
        if not self._is_local():
            return {**answer, **self._elsewhere(task_vars)}
        self._prepare()
        try:
            options = self._options()
            with self._stoppable():
                result = self.perform(options)
        except SlipwayError as error:
            result = Result(failure=error)
        except OSError as error:
            result = Result(failure=self._of_the_disk(error, answer))
        except Exception as error:  # a bug of ours: one line for people, the trace for the report
            result = Result(failure=_internal(error, answer))
        return {**answer, **self._render(result)}

    @staticmethod
    def _of_the_disk(error: OSError, answer: dict[str, Any]) -> SlipwayError:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            return _internal(error, answer)
        where = f" that holds {error.filename}" if error.filename else ""
        hint = "free some space; what was done so far is kept, run it again"
        return Permanent(f"no space is left on the disk{where}", hint=hint, reason="DiskFull")

    def client(self, options: dict[str, Any]) -> Client:
        """Return a client for the cluster that the auth options name."""
        from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
        from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config

        return Client(load_config(options))

    def load(self, options: dict[str, Any]) -> list[Document]:
        """Return the documents that O(src) and O(definition) name."""
        return _source.load_sources(options, self.find)

    def find(self, source: str) -> str:
        """Return the local path Ansible would take for `source`."""
        return _source.local_path(source, str(self._loader.get_basedir()))

    def warn(self, text: str) -> None:
        """Show a warning and keep it in the result."""
        self._warnings.append(redact.current.scrub(text))

    def _is_local(self) -> bool:
        return getattr(self._connection, "transport", "local") == "local"

    def _elsewhere(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        if self.REMOTE_MODULE:
            result: dict[str, Any] = self._execute_module(module_name=self.REMOTE_MODULE, task_vars=task_vars)
            return {**result, "executed_by": "module"}
        error = Refused("runs on the controller only", hint="add delegate_to: localhost to the task")
        return {"failed": True, "msg": str(error), "failure": error.failure()}

    def _prepare(self) -> None:
        self._warnings: list[str] = []
        self.check_mode = bool(self._task.check_mode)
        self.diff_mode = bool(self._task.diff)
        self.cancel = Cancel()
        path = os.environ.get("SLIPWAY_EVENTS", "")
        writers = [_show, *([file_writer(path)] if path else [])]
        self.events = Emitter(writers, run=os.environ.get("SLIPWAY_RUN", ""))

    def _options(self) -> dict[str, Any]:
        """Return validated options as plain builtins; register what must not be seen."""
        given = plain({key: value for key, value in self._task.args.items() if not str(key).startswith("_ansible")})
        checked = ArgumentSpecValidator(self.SPEC, **self.CONSTRAINTS).validate(given)
        for secret in checked._no_log_values:
            redact.current.register(str(secret))
        if checked.error_messages:
            text = "; ".join(checked.error_messages)
            raise Invalid("options", text, hint=f"ansible-doc {self._task.action} lists them")
        return dict(plain(checked.validated_parameters))

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        """Turn SIGTERM, SIGINT and the death of ansible-playbook into the cancel token."""
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

        def stop(number: int, _frame: Any) -> None:
            self.cancel.set(f"stopped by {signal.Signals(number).name}")
            if os.getppid() != parent:
                threading.Thread(target=_last_resort, daemon=True).start()

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _render(self, result: Result) -> dict[str, Any]:
        answer: dict[str, Any] = {"changed": result.changed, **redact.current.scrub_data(result.data)}
        if result.diff is not None and self.diff_mode:
            answer["diff"] = redact.current.scrub_data(result.diff)
        if result.failure:
            failure = redact.current.scrub_data(result.failure.failure())
            answer.update(failed=True, msg=redact.current.scrub(str(result.failure)), failure=failure)
        if self._warnings:
            answer["warnings"] = self._warnings
        return answer


def _internal(error: Exception, answer: dict[str, Any]) -> SlipwayError:
    answer["exception"] = redact.current.scrub(traceback.format_exc())
    return SlipwayError(f"internal error: {type(error).__name__}: {error}", reason="Internal")


def _last_resort() -> None:
    """Nobody reads our result any more: leave, even if a library does not let go."""
    time.sleep(_GRACE)
    os._exit(1)


def _show(event: Event) -> None:
    """Print one line per record while the task runs; workers reach the terminal only through Display."""
    text = event.message or event.reason
    if not text:
        return
    task, step = event.data.get("task"), event.data.get("step")
    who = f"{task}/{step}" if task and step else str(event.subject)
    Display().display(f"  {event.phase.lower():<9} {who}: {text}", color=_COLOURS.get(event.phase))

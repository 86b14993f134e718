# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The folder of one run: its state, saved before acting, and its final report.

Layout, version 2: run.json (what is run and its hash), tasks.jsonl (a line for each task that ended well), state.json
(the report of the end), asked.json (a wish to end), tasks/<taskrun>/logs.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import time
from collections.abc import Mapping
from typing import Any

from .._core import gojson
from .._core.errors import DISK_FULL, Permanent, Refused

FORMAT = 2
_TASKS = "tasks.jsonl"


class Store:
    """One run's folder. Directories 0700, files 0600."""

    def __init__(self, root: str, name: str) -> None:
        self.folder = os.path.join(root, name)
        self._what: dict[str, Any] = {}
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
        except OSError as error:
            raise Permanent(f"cannot make {self.folder}: {error.strerror}", hint="give another state_dir") from error

    def begin(self, spec: Mapping[str, Any], name: str, *, force: bool) -> dict[str, Any]:
        """Say what this run is; return the saved state of an earlier one of the same name and spec.

        It has `tasks` (ends by name) and, when that one ended, `report`. Refused when the name was used for something
        else.
        """
        wanted = hashlib.sha256(gojson.dumps(spec).encode()).hexdigest()
        before = self._read("run.json")
        if before and before.get("hash") != wanted and not force:
            hint = "give the run another name, use generateName, or force"
            raise Refused(f"a run named {name!r} exists already with a different spec", hint=hint, obj=f"run {name}")
        self._forget("asked.json")
        created = time.time() if force else before.get("created") or time.time()
        self._what = {"format": FORMAT, "name": name, "hash": wanted, "created": created}
        self._write("run.json", self._what if force else {**before, **self._what})
        if force:
            self._forget("state.json")
            self._forget(_TASKS)
        return {**self._read("state.json"), "tasks": kept_tasks(self.folder)}

    def describe(self, about: Mapping[str, Any]) -> None:
        """Keep what people want to know of the run later, such as its object and its plan."""
        self._write("run.json", {**self._what, **about})

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep what is known now."""
        self._write("state.json", state)

    def keep(self, task: str, end: Mapping[str, Any]) -> None:
        """Keep how a task ended, for a later run of the same name; never on the line of one that was cut off."""
        line = "\n" + json.dumps({"task": task, "end": end}) + "\n"
        path = os.path.join(self.folder, _TASKS)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(line)
        except OSError as error:
            raise _unwritten(path, error) from error

    def ask(self, status: str) -> None:
        """Ask a run that goes on to end: spec.status, such as StoppedRunFinally."""
        self._write("asked.json", {"status": status})

    def asked(self) -> str:
        """Return what was asked for since the run began."""
        return str(self._read("asked.json").get("status") or "")

    def _read(self, name: str) -> dict[str, Any]:
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8") as stream:
                data: dict[str, Any] = json.load(stream)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            path = os.path.join(self.folder, name)
            raise Permanent(
                f"the state of an earlier run cannot be read: {path}: {error}", hint="remove the folder"
            ) from error
        return data

    def _forget(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.folder, name))

    def _write(self, name: str, data: Mapping[str, Any]) -> None:
        path = os.path.join(self.folder, name)
        try:
            descriptor = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(json.dumps(data))
            os.replace(f"{path}.new", path)
        except OSError as error:
            raise _unwritten(path, error) from error


def kept_tasks(folder: str) -> dict[str, Any]:
    """Return the ends of a run's tasks by name; a line that a crash or a full disk cut off counts for nothing."""
    try:
        with open(os.path.join(folder, _TASKS), encoding="utf-8") as stream:
            lines = list(stream)
    except FileNotFoundError:
        return {}
    found = {}
    for line in lines:
        with contextlib.suppress(ValueError):
            kept = json.loads(line)
            found[kept["task"]] = kept["end"]
    return found


def _unwritten(path: str, error: OSError) -> Permanent:
    reason = DISK_FULL if error.errno == errno.ENOSPC else ""
    hint = "free space, or give another state_dir"
    return Permanent(f"cannot write {path}: {error.strerror}", hint=hint, reason=reason)


def default_root() -> str:
    """Return where runs are kept when nobody says: the runner's folder, else the user's state folder."""
    given = os.environ.get("SLIPWAY_STATE_DIR")
    base = given or os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "slipway")
    return os.path.join(base, "pipelines")

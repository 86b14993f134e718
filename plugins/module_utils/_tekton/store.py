# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The folder of one run: its state, saved before acting, and its final report.

Layout, version 1: run.json (what is run and its hash), state.json (what became of each task), tasks/<taskrun>/logs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Mapping
from typing import Any

from .._core import gojson
from .._core.errors import Permanent, Refused

FORMAT = 1


class Store:
    """One run's folder. Directories 0700, files 0600."""

    def __init__(self, root: str, name: str) -> None:
        self.folder = os.path.join(root, name)
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
        except OSError as error:
            raise Permanent(f"cannot make {self.folder}: {error.strerror}", hint="give another state_dir") from error

    def begin(
        self, spec: Mapping[str, Any], name: str, *, force: bool, about: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Say what this run is; return the saved state of an earlier one of the same name and spec.

        `about` is kept for people who look at the run later. Refused when the name was used for something else.
        """
        wanted = hashlib.sha256(gojson.dumps(spec).encode()).hexdigest()
        before = self._read("run.json")
        if before and before.get("hash") != wanted and not force:
            hint = "give the run another name, use generateName, or force"
            raise Refused(f"a run named {name!r} exists already with a different spec", hint=hint, obj=f"run {name}")
        self._forget("asked.json")
        created = time.time() if force else before.get("created") or time.time()
        self._write("run.json", {"format": FORMAT, "name": name, "hash": wanted, "created": created, **(about or {})})
        if force:
            self._write("state.json", {})
        return {} if force else self._read("state.json")

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep what is known now."""
        self._write("state.json", state)

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
                json.dump(data, stream)
            os.replace(f"{path}.new", path)
        except OSError as error:
            raise Permanent(
                f"cannot write {path}: {error.strerror}", hint="free space, or give another state_dir"
            ) from error


def default_root() -> str:
    """Return where runs are kept when nobody says: the runner's folder, else the user's state folder."""
    given = os.environ.get("SLIPWAY_STATE_DIR")
    base = given or os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "slipway")
    return os.path.join(base, "pipelines")

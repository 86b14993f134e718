# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Lays the credentials of a run's ServiceAccount into /tekton/creds and into the home of each step.

Knows where they lie; what is in them is decide's. They are files for us alone and for the step's user, removed with the
TaskRun. Source: tektoncd/pipeline pkg/credentials/initialize.go (CopyCredsToHome), v1.15.
"""

from __future__ import annotations

import os
import posixpath
from dataclasses import replace

from ..._core import redact
from ..._core.errors import SlipwayError
from ..._core.events import Sink, Subject
from ..._sandbox import process as sandbox
from ..._sandbox.process import Mount
from ..decide import credentials
from ..decide.credentials import FOLDER, Secret
from ..model.parse import Bundle
from . import files, volume_files
from .containers import Host, StepCommand, owner_of
from .executor import TaskPlan


def of_account(bundle: Bundle, name: str) -> dict[str, str] | None:
    """Return the files of a ServiceAccount's Secrets, text by path; None when the account is not given.

    Invalid when it names a Secret that is not given.
    """
    account = bundle.find("ServiceAccount", name)
    if account is None:
        return None
    secrets = []
    for index, entry in enumerate(account.data.get("secrets") or []):
        path = f"secrets[{index}].name"
        found = bundle.need("Secret", str(entry.get("name")), account, path).data
        content = volume_files.values(found)
        for value in content.values():
            redact.current.register(value.decode("utf-8", "replace"))
        meta = found.get("metadata") or {}
        annotations = {str(key): str(value) for key, value in (meta.get("annotations") or {}).items()}
        secrets.append(Secret(str(meta.get("name")), str(found.get("type") or ""), annotations, content))
    found = credentials.files(secrets)
    for text in found.values():
        for line in text.splitlines():
            _register_address(line)
    return found


def _register_address(line: str) -> None:
    """The password as it stands in an address may be spelled another way than in the Secret."""
    if "://" in line and "@" in line:
        redact.current.register(line.partition("://")[2].rpartition("@")[0].partition(":")[2])


class Credentials:
    """The credentials of one TaskRun."""

    def __init__(self, plan: TaskPlan, host: Host, bundle: Bundle, events: Sink) -> None:
        self._plan, self._host, self._events = plan, host, events
        name = plan.service_account or "default"
        found = of_account(bundle, name)
        if found is None and name != "default":
            self._warn(f"the ServiceAccount {name!r} is not given: its steps get no credentials")
        self._files = found or {}
        self._places = [os.path.join(plan.folder, part) for part in ("creds", "homes")] if found else []
        for place in self._places:
            sandbox.remove_if_we_die(place)

    def removed(self) -> None:
        """Say that the files are gone: those of a later run in the same place are not ours."""
        for place in self._places:
            sandbox.removed(place)

    def given_to(self, command: StepCommand) -> StepCommand:
        """Return the step with its credentials: a copy for this step alone, in /tekton/creds and in HOME."""
        own = os.path.join(self._plan.folder, "creds", command.name)
        if self._files:
            self._lay(own)
            command = self._in_home(command)
        self._hand_over(own, command)
        return command

    def _hand_over(self, folder: str, command: StepCommand) -> None:
        owner = self._host.owner(command)
        if owner:
            files.hand_over(folder, owner.uid, owner.gid)

    def _lay(self, folder: str) -> None:
        for path, text in self._files.items():
            above = os.path.dirname(path)
            if above:
                files.make(folder, above, mode=0o700)
            files.write(os.path.join(folder, path), text, 0o600)

    def _in_home(self, command: StepCommand) -> StepCommand:
        home = posixpath.normpath(self._host.home(command))
        mount = owner_of(home, command.mounts)
        if home == "/" or (mount and mount.read_only):
            self._warn(f"step {command.name}: its home {home} takes no credentials; they are in {FOLDER}")
            return command
        if mount:
            self._copy_to_mount(command, mount, home)
            return command
        own = os.path.join(self._plan.folder, "homes", command.name)
        files.make(own, mode=0o700)
        self._lay(own)
        self._hand_over(own, command)
        return replace(command, mounts=(*command.mounts, Mount(own, home)))

    def _copy_to_mount(self, command: StepCommand, mount: Mount, home: str) -> None:
        """A home that is a volume keeps what is there; what cannot be written is told, as upstream."""
        inner, owner = home[len(mount.target.rstrip("/")) :], self._host.owner(command)
        for path, text in self._files.items():
            try:
                with files.append(mount.source, f"{inner}/{path}") as stream:
                    os.ftruncate(stream.fileno(), 0)
                    stream.write(text.encode())
                    if owner:
                        os.fchown(stream.fileno(), owner.uid, owner.gid)
            except (OSError, SlipwayError) as error:
                self._warn(f"step {command.name}: unsuccessful cred copy: {path} to {home}: {error}")

    def _warn(self, text: str) -> None:
        subject = Subject("TaskRun", self._plan.namespace, self._plan.name)
        self._events.emit(subject, "Warning", reason="Credentials", message=text)

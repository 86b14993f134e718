# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The projects' EventListeners, read again only when their files changed.

Knows manifests; must not know events or runs.
"""

from __future__ import annotations

import base64
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._triggers import api as triggers
from slipway.core import SlipwayError, redact
from slipway.serve.config import Project

_URL_SECONDS = 60.0
Stamp = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the files held when their stamp was taken."""

    stamp: Stamp
    listener: triggers.Listener
    secrets: Sequence[str]


class Listeners:
    """One per project, for every thread."""

    def __init__(self) -> None:
        self._loaded: dict[str, Loaded] = {}
        self._lock = threading.Lock()

    def of(self, project: Project) -> Loaded:
        """Return the project's listener and the values of its Secrets, as the files say now. SlipwayError when they
        cannot be read; that is not remembered."""
        stamp = tuple(entry for path in project.manifests for entry in _stamp(path))
        with self._lock:
            known = self._loaded.get(project.name)
            if known is None or known.stamp != stamp:
                documents = [document for path in project.manifests for document in yaml.load_path(path)]
                known = Loaded(stamp, triggers.Listener(documents, project.listener), _secrets(documents))
                self._loaded[project.name] = known
            return known

    def name(self, project: Project) -> str:
        """Return the name of the project's EventListener as it was read last."""
        known = self._loaded.get(project.name)
        return known.listener.name if known else project.listener

    def validated(self, project: Project) -> bool:
        """Return whether the project's EventListener wants only JSON objects; one that cannot be read does."""
        try:
            return self.of(project).listener.validated
        except SlipwayError:
            return True


def _stamp(path: str) -> Stamp:
    """Return what changes when a file, or a file of a directory, does; a URL is asked again after a minute."""
    if "://" in path:
        return (int(time.monotonic() / _URL_SECONDS),)
    try:
        if not os.path.isdir(path):
            return (_file(os.stat(path)),)
        with os.scandir(path) as entries:
            return tuple(sorted((entry.name, _file(entry.stat())) for entry in entries))
    except OSError as error:
        return (error.errno,)


def _file(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_mtime_ns, found.st_size, found.st_ino


def _secrets(documents: Sequence[Document]) -> list[str]:
    """Register the values of the Secrets, so that no log shows them, and return them."""
    found: list[str] = []
    for obj in (d.data for d in documents if isinstance(d.data, dict) and d.data.get("kind") == "Secret"):
        redact.current.register_secret(obj)
        found += [str(value) for value in (obj.get("stringData") or {}).values()]
        for value in (obj.get("data") or {}).values():
            try:
                found.append(base64.b64decode(str(value)).decode())
            except ValueError:
                continue
    return found

# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""config_update: set images and values in the config repository, commit, push."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.errors import Invalid
from ..._git.change import Pushed, change
from ..._git.command import Credentials, Git
from . import edit, images


@dataclass(frozen=True, slots=True)
class Update:
    """What is set where. `path` is the folder of the kustomization or of plain YAML; files of values are below it."""

    repository: str
    branch: str
    path: str
    images: Sequence[Mapping[str, Any]]
    values: Sequence[Mapping[str, Any]]
    message: str
    author: str
    email: str


def apply(update: Update, credentials: Credentials, *, push: bool, dry_run: bool, retries: int) -> Pushed:
    """Make the update. The same values again make no commit. Invalid for what is not in the repository."""
    if not update.images and not update.values:
        raise Invalid("images", "and values are both empty", hint="say what is to be set")
    author = {
        "GIT_AUTHOR_NAME": update.author, "GIT_AUTHOR_EMAIL": update.email,
        "GIT_COMMITTER_NAME": update.author, "GIT_COMMITTER_EMAIL": update.email,
    }  # fmt: skip
    git = Git(credentials, author)

    def edit_files(folder: str) -> list[str]:
        changed = images.set_images(folder, update.path, update.images) if update.images else []
        for value in update.values:
            changed += _set_value(folder, update.path, value)
        return sorted(set(changed))

    return change(
        git, update.repository, update.branch, edit_files, update.message, push=push, dry_run=dry_run, attempts=retries
    )


def _set_value(folder: str, path: str, value: Mapping[str, Any]) -> list[str]:
    base = os.path.realpath(folder)
    file = os.path.realpath(os.path.join(base, path, str(value["file"])))
    if not file.startswith(base + os.sep):
        raise Invalid("values.file", f"leads out of the repository: {value['file']}")
    if not os.path.isfile(file):
        raise Invalid("values.file", f"does not exist in the repository: {os.path.join(path, str(value['file']))}")
    with open(file, encoding="utf-8", newline="") as stream:
        before = stream.read()
    name = os.path.relpath(file, base)
    after = edit.set_value(before, str(value["path"]), str(value["value"]), name)
    if after == before:
        return []
    with open(file, "w", encoding="utf-8", newline="") as stream:
        stream.write(after)
    return [name]

# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""config_update: set images and values in the config repository, commit, push."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.cancel import Cancel
from ..._core.errors import Invalid
from ..._git.change import Pushed, change
from ..._git.command import Credentials, Git
from . import edit, images
from .files import change_file, inside


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


def apply(
    update: Update, credentials: Credentials, *, push: bool, dry_run: bool, retries: int, work_dir: str = "",
    cancel: Cancel | None = None,
) -> Pushed:  # fmt: skip
    """Make the update. The same values again make no commit. Invalid for what is not in the repository."""
    if not update.images and not update.values:
        raise Invalid("images", "and values are both empty", hint="say what is to be set")
    author = {
        "GIT_AUTHOR_NAME": update.author, "GIT_AUTHOR_EMAIL": update.email,
        "GIT_COMMITTER_NAME": update.author, "GIT_COMMITTER_EMAIL": update.email,
    }  # fmt: skip
    return change(
        Git(credentials, author, cancel), update.repository, update.branch, lambda folder: _edit(update, folder),
        update.message, push=push, dry_run=dry_run, attempts=retries, work_dir=work_dir,
    )  # fmt: skip


def _edit(update: Update, folder: str) -> list[str]:
    inside(folder, update.path, "path")
    changed = images.set_images(folder, update.path, update.images) if update.images else []
    for value in update.values:
        changed += _set_value(folder, update.path, value)
    return sorted(set(changed))


def _set_value(folder: str, path: str, value: Mapping[str, Any]) -> list[str]:
    name = os.path.normpath(os.path.join(path, str(value["file"])))
    if not os.path.isfile(inside(folder, name, "values.file")):
        raise Invalid("values.file", f"does not exist in the repository: {name}")
    return change_file(
        folder, name, lambda text, where: edit.set_value(text, str(value["path"]), _single(value["value"]), where)
    )


def _single(value: Any) -> edit.Value:
    if isinstance(value, (str, int, float)):
        return value
    raise Invalid(
        "values.value", f"must be a single value, not {type(value).__name__}", hint="one entry for each value"
    )

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps what must not lie on a disk, above all extra vars, in a private folder while a run goes on.

Where there is a file system in memory they lie there, readable by the user alone, until Ansible has read them (an
anonymous memory file would be better still, but Ansible resolves the link and finds nothing). Elsewhere: a file in
the run's directory. Must not know what the values mean, only which names sound like secrets.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from slipway import state

_SECRET = re.compile(
    r"(passw(or)?d|passphrase|secret|token|credential|private_?key|api_?key|access_?key|kubeconfig_content)", re.I
)
_PLACE = re.compile(r"_(name|path|file|ref|namespace|header|url|env)$", re.I)


_VARS = "vars"


class _Unsafe(str):
    """Text that Ansible must not template."""


class _Dumper(yaml.SafeDumper):
    """Writes marked text with Ansible's own `!unsafe` tag, which every supported ansible-core reads."""


def _represent(dumper: yaml.SafeDumper, value: _Unsafe) -> yaml.ScalarNode:
    return dumper.represent_scalar("!unsafe", str(value), style='"')


_Dumper.add_representer(_Unsafe, _represent)


def render(extra_vars: Mapping[str, Any], *, templates: bool) -> str:
    """Return the YAML that Ansible reads.

    Without `templates` every text with a brace is data: extra vars are trusted by Ansible, and a webhook's branch
    name `{{ lookup('pipe', ...) }}` would run on the controller.
    """
    value = dict(extra_vars) if templates else _data(extra_vars)
    return yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False)


class Handed:
    """Extra vars as a file that ansible-playbook can read (`argument` goes behind `-e`), until `close`."""

    def __init__(self, text: str, run_id: str, directory: Path) -> None:
        self._run_id, self._directory = run_id, directory
        path = scratch(run_id, directory) / _VARS / "extravars"
        state.private_dir(path.parent)
        state.write_private(path, text)
        self.argument = f"@{path}"

    def close(self) -> None:
        """Forget the values; safe to repeat."""
        for place in _places(self._run_id, self._directory):
            shutil.rmtree(place / _VARS, ignore_errors=True)


def scratch(run_id: str, directory: Path) -> Path:
    """Return the private folder for what must not lie on a disk while a run goes on."""
    return state.private_dir(_places(run_id, directory)[0])


def forget(run_id: str, directory: Path) -> None:
    """Remove the scratch folder of a run, wherever it was."""
    for place in _places(run_id, directory):
        shutil.rmtree(place, ignore_errors=True)


def _places(run_id: str, directory: Path) -> list[Path]:
    """Return where the scratch folder of a run may lie, best first. Only an own directory on tmpfs counts as memory."""
    memory = [Path(base) for base in (os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm") if base]
    usable = [
        base / f"slipway-{os.geteuid()}-{run_id}" for base in memory if base.is_dir() and os.access(base, os.W_OK)
    ]
    return [*usable, directory / "scratch"]


def secret_values(extra_vars: Mapping[str, Any], named: tuple[str, ...]) -> Iterator[str]:
    """Yield the texts that must not be seen: below a name given as secret, or one that sounds like it."""
    for key, value in extra_vars.items():
        name = str(key)
        hidden = name in named or bool(_SECRET.search(name) and not _PLACE.search(name))
        yield from _texts(value) if hidden else _inside(value, named)


def _inside(value: Any, named: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from secret_values(value, named)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _inside(item, named)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)


def _data(value: Any) -> Any:
    if isinstance(value, str):
        return _Unsafe(value) if "{" in value else value
    if isinstance(value, Mapping):
        return {str(key): _data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_data(item) for item in value]
    return value

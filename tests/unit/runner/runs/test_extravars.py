# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Extra vars: data stays data, secrets are known and do not stay."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml

from slipway.runs import extravars

HOSTILE = "{{ lookup('pipe', 'id') }}"


class Loader(yaml.SafeLoader):
    """Reads `!unsafe` as ("unsafe", text)."""


Loader.add_constructor("!unsafe", lambda loader, node: ("unsafe", node.value))


def test_text_with_braces_is_marked_as_data() -> None:
    value = {"branch": HOSTILE, "list": [{"x": HOSTILE}], "plain": "main", "number": 3}
    read = yaml.load(extravars.render(value, templates=False), Loader)
    marked = ("unsafe", HOSTILE)
    assert read == {"branch": marked, "list": [{"x": marked}], "plain": "main", "number": 3}


def test_what_a_person_typed_may_hold_templates() -> None:
    assert yaml.load(extravars.render({"x": "{{ y }}"}, templates=True), Loader) == {"x": "{{ y }}"}


def test_values_survive_the_way_unchanged() -> None:
    value = {"a": "line 1\nline 2\n{ ", "b": None, "c": True, "d": 1.5, "e": "yes", "f": "ünï"}
    read = yaml.load(extravars.render(value, templates=False), Loader)
    assert read == {**value, "a": ("unsafe", value["a"])}


def test_the_file_is_private_and_goes_away(tmp_path: Path) -> None:
    handed = extravars.Handed("token: secret-value\n", "run-1", tmp_path)
    path = Path(handed.argument.removeprefix("@"))
    assert path.read_text() == "token: secret-value\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    handed.close()
    handed.close()
    assert not path.parent.exists()


def test_without_memory_the_run_directory_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extravars.os, "access", lambda *_: False)
    handed = extravars.Handed("x: 1\n", "run-1", tmp_path)
    assert handed.argument == f"@{tmp_path}/scratch/vars/extravars"
    extravars.forget("run-1", tmp_path)
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize(
    "name", ["api_token", "DB_PASSWORD", "client_secret", "registry_credentials", "ssh_private_key"]
)
def test_names_that_sound_like_secrets_are_secrets(name: str) -> None:
    assert list(extravars.secret_values({"outer": [{name: {"deep": "value"}}]}, ())) == ["value"]


@pytest.mark.parametrize("name", ["token_file", "secret_name", "password_env", "revision"])
def test_names_of_places_are_not_secrets(name: str) -> None:
    assert list(extravars.secret_values({name: "value"}, ())) == []


def test_a_name_given_as_secret_is_one() -> None:
    assert list(extravars.secret_values({"odd": ["value"]}, ("odd",))) == ["value"]

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML is read as Go tools read it, and messages know the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid


def one(text: str) -> object:
    return yaml.load_all(text)[0].data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("y", True),
        ("n", False),
        ("On", True),
        ("0o777", 511),
        ("0777", 511),
        ("089", 89),
        ("1e3", 1000),
        ("+.5", 0.5),
        ("1:30", "1:30"),
        ("190:20:30", "190:20:30"),
        ("2020-01-01", "2020-01-01"),
        ("2001-12-14t21:59:43Z", "2001-12-14t21:59:43Z"),
        ("=", "="),
        ("1.0", 1),
        ("12345678901234567890123", 1.2345678901234568e22),
        ("~", None),
        ("'y'", "y"),
    ],
)
def test_scalars_resolve_as_in_go(text: str, value: object) -> None:
    assert one(f"a: {text}\n") == {"a": value}


@pytest.mark.parametrize("text", [".inf", "-.inf", ".nan"])
def test_numbers_that_json_cannot_hold_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match=r"f\.yaml:2 a number that JSON cannot hold"):
        yaml.load_all(f"b: 1\na: {text}\n", "f.yaml")


def test_keys_become_text() -> None:
    assert one("1: a\ntrue: b\n") == {"1": "a", "true": "b"}


def test_a_key_given_twice_is_refused_with_its_line() -> None:
    with pytest.raises(Invalid, match=r"f\.yaml:4 key 'a' is given twice"):
        yaml.load_all("---\nb: 1\na: 1\na: 2\n", "f.yaml")


def test_a_syntax_error_names_the_line_in_the_file() -> None:
    with pytest.raises(Invalid, match=r"f\.yaml:4 is not valid YAML"):
        yaml.load_all("a: 1\n---\nb: 1\n  c: 2\n", "f.yaml")


def test_merge_keys_and_comments_and_empty_documents_are_fine() -> None:
    documents = yaml.load_all("---\n# nothing\n---\na: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n---\n")
    assert [document.data for document in documents] == [{"a": {"b": 1}, "c": {"b": 1, "d": 2}}]


def test_a_path_is_found_with_its_line() -> None:
    document = yaml.load_all("a: 1\n---\nspec:\n  tasks:\n  - name: x\n  - name: y\n    runAfter: [z]\n", "p.yaml")[1]
    assert str(document.place("spec.tasks[1].runAfter")) == "p.yaml:7"
    assert str(document.place("spec.tasks[1].missing")) == "p.yaml:6"


def test_a_directory_is_read_in_name_order_and_not_recursively(tmp_path: Path) -> None:
    for name in ("2.yaml", "1.yml", "3.json", "notes.txt"):
        (tmp_path / name).write_text(f'{{"n": "{name}"}}')
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "4.yaml").write_text("n: 4")
    assert [document.data["n"] for document in yaml.load_path(str(tmp_path))] == ["1.yml", "2.yaml", "3.json"]


def test_what_is_dumped_reads_back_the_same() -> None:
    value = {
        "a": "yes",
        "b": "1.0",
        "v": "v0.10",
        "t": "line\nline\n",
        "n": None,
        "l": [1, {"x": []}],
        "d": "2020-01-01",
        "o": "0777",
    }
    assert one(yaml.dump(value)) == value

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the sets of a vectors directory and yields their cases. Knows the file formats, no rule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.conformance.registry import Case, Row

_CASE_FILES = ("cases.json", "manifest.json")


def find(root: Path) -> dict[str, list[Row | Case]]:
    """Return the cases of every set found under `root`, keyed by set name."""
    sets: dict[str, list[Row | Case]] = {}
    for file in sorted(root.rglob("*.json")):
        if file.parent.name == "tables":
            for row in _rows(root, file):
                sets.setdefault(row.set, []).append(row)
        elif file.name in _CASE_FILES:
            for case in _cases(file):
                sets.setdefault(case.set, []).append(case)
    for file in sorted(root.rglob("scenarios/*.yaml")):
        for case in _scenarios(file):
            sets.setdefault(case.set, []).append(case)
    for file in sorted(root.rglob("golden/v1/**/*.json")):
        case = _golden(file)
        sets.setdefault(case.set, []).append(case)
    for file in sorted(root.rglob("tutorial/index.yaml")):
        sets["tutorial"] = list(_tutorial(file))
    return sets


def tables(root: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (set, provenance path, test) of every table that has rows, also where none of them is open here."""
    for file in sorted(root.rglob("tables/*.json")):
        content = json.loads(file.read_text())
        if not isinstance(content, dict) or "tables" not in content:
            continue
        for table in content["tables"]:
            yield content["set"], content["provenance"]["path"], table["test"]


def key(set_name: str, path: str) -> str:
    """Return the adapter key of a table file: adapters are registered under the project's name."""
    return f"{set_name.split('/', maxsplit=1)[0]}:{path}"


def _rows(root: Path, file: Path) -> Iterator[Row]:
    content = json.loads(file.read_text())
    if not isinstance(content, dict) or "tables" not in content:
        return
    path = content["provenance"]["path"]
    fixtures = root / content["set"].split("/")[0] / "fixtures" / Path(path).parent
    for table in content["tables"]:
        shared = {name: value for name, value in table.items() if name != "rows"}
        for row in table.get("rows", []):
            yield Row(
                id=row["id"],
                set=content["set"],
                test=table["test"],
                kind=table["kind"],
                fields=row.get("fields", {}),
                table=shared,
                now=content.get("now", ""),
                path=path,
                fixtures=fixtures,
            )


def _cases(file: Path) -> Iterator[Case]:
    content = json.loads(file.read_text())
    for entry in content.get("cases", []):
        yield Case(id=_identity(entry), set=content["set"], path=file.parent, meta=entry)


def _scenarios(file: Path) -> Iterator[Case]:
    content = yaml.safe_load(file.read_text())
    for entry in content.get("scenarios", []):
        yield Case(id=entry["id"], set=content["set"], path=file.parent.parent, meta=entry)


def _tutorial(file: Path) -> Iterator[Case]:
    for entry in yaml.safe_load(file.read_text())["files"]:
        yield Case(id=entry["file"], set="tutorial", path=file.parent, meta=entry)


def _golden(file: Path) -> Case:
    content = json.loads(file.read_text())
    project = next(parent for parent in file.parents if parent.name == "golden").parent
    return Case(
        id=f"golden/{content['example']}", set=f"{project.name}/golden", path=project / "examples", meta=content
    )


def _identity(entry: dict[str, Any]) -> str:
    return str(entry.get("id") or entry.get("file") or entry.get("name"))

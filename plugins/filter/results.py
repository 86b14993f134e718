# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters that carry results of a pipeline into the tasks that come after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

_ENDING = "_from"


def from_results(entries: list[dict[str, Any]], results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the entries with each key that ends in _from replaced by the result it names."""
    return [_entry(entry, results) for entry in entries]


def _entry(entry: dict[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in entry.items():
        if not key.endswith(_ENDING):
            out[key] = value
        elif value is not None:
            out[key.removesuffix(_ENDING)] = _result(value, results)
    return out


def _result(name: str, results: Mapping[str, Any]) -> Any:
    if name not in results:
        there = ", ".join(sorted(results)) or "none"
        raise AnsibleFilterError(f"the pipeline has no result {name!r} (it has: {there})")
    return results[name]


def image_reference(results: Mapping[str, Any]) -> str:
    """Return repository@digest from the results image-url and image-digest, or an empty text."""
    url, digest = str(results.get("image-url", "")), str(results.get("image-digest", ""))
    if not url or not digest:
        return ""
    repository, colon, tag = url.rpartition(":")
    return f"{repository if colon and '/' not in tag else url}@{digest}"


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"from_results": from_results, "image_reference": image_reference}

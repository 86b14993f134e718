# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Sets images: in a kustomization's `images`, or in the containers of plain YAML.

Source of the kustomization's form: kustomize v5 `images` transformer (name, newName, newTag, digest).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml as pyyaml

from ..._core.errors import Invalid, Place
from . import edit

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_FIELDS = (("new_name", "newName"), ("new_tag", "newTag"), ("digest", "digest"))
_IMAGE = re.compile(r"^(?P<name>.*?)(?::(?P<tag>[\w][\w.-]*))?(?:@(?P<digest>[\w+.-]+:[0-9a-fA-F]+))?$")


def set_images(folder: str, path: str, images: Sequence[Mapping[str, Any]]) -> list[str]:
    """Set each image below `path` of the work tree; return the changed files. Invalid when one is nowhere."""
    base = os.path.join(folder, path)
    if not os.path.exists(base):
        raise Invalid("path", f"does not exist in the repository: {path}")
    file = _kustomization(base)
    if file:
        return _edit(folder, file, lambda text, name: _in_kustomization(text, images, name))
    return _in_plain(folder, base, images)


def _kustomization(base: str) -> str:
    if os.path.isfile(base):
        return base if os.path.basename(base) in KUSTOMIZATIONS else ""
    return next((os.path.join(base, name) for name in KUSTOMIZATIONS if os.path.isfile(os.path.join(base, name))), "")


def _edit(folder: str, file: str, change: Any) -> list[str]:
    with open(file, encoding="utf-8", newline="") as stream:
        before = stream.read()
    name = os.path.relpath(file, folder)
    after = change(before, name)
    if after == before:
        return []
    with open(file, "w", encoding="utf-8", newline="") as stream:
        stream.write(after)
    return [name]


def _in_kustomization(text: str, images: Sequence[Mapping[str, Any]], file: str) -> str:
    for image in images:
        text = _one(text, image, file)
    return text


def _one(text: str, image: Mapping[str, Any], file: str) -> str:
    entry = _entry(text, str(image["name"]), file)
    if entry is None:
        return _append(text, image, file)
    for option, key in _FIELDS:
        value = image.get(option)
        if value in (None, ""):
            continue
        node = edit.child(entry, key)
        text = edit.replace(text, node, str(value)) if node is not None else edit.add_key(text, entry, key, str(value))
        entry = _entry(text, str(image["name"]), file)
    # kustomize takes the digest when both are there: a stale one of the other kind would win or lie
    other = "newTag" if image.get("digest") else "digest" if image.get("new_tag") else ""
    return edit.remove_key(text, entry, other) if other else text


def _entry(text: str, name: str, file: str) -> Any:
    listing = edit.child(edit.compose(text, file), "images")
    if listing is None:
        return None
    if not isinstance(listing, pyyaml.SequenceNode):
        raise Invalid("images", "must be a list", at=Place(file, listing.start_mark.line + 1))
    return next((item for item in listing.value if getattr(edit.child(item, "name"), "value", None) == name), None)


def _append(text: str, image: Mapping[str, Any], file: str) -> str:
    lines = [f"- name: {edit.quoted(str(image['name']), None)}"]
    lines += [f"  {key}: {edit.quoted(str(image[option]), None)}" for option, key in _FIELDS if image.get(option)]
    if edit.child(edit.compose(text, file), "images") is None:
        return text.rstrip("\n") + "\nimages:\n" + "\n".join(lines) + "\n"
    at = Place(file)
    raise Invalid(
        f"images.{image['name']}", "is not among the images of the kustomization", at=at, hint="add it once by hand"
    )


def _in_plain(folder: str, base: str, images: Sequence[Mapping[str, Any]]) -> list[str]:
    files = [base] if os.path.isfile(base) else [
        os.path.join(base, name) for name in sorted(os.listdir(base)) if name.endswith((".yaml", ".yml"))
    ]  # fmt: skip
    found: set[str] = set()
    changed: list[str] = []
    for file in files:
        changed += _edit(folder, file, lambda text, _name: _replace_images(text, images, found))
    missing = [str(image["name"]) for image in images if str(image["name"]) not in found]
    if missing:
        where = os.path.relpath(base, folder)
        raise Invalid("images", f"no container in {where} uses {', '.join(missing)}", hint="is path the right folder?")
    return changed


def _replace_images(text: str, images: Sequence[Mapping[str, Any]], found: set[str]) -> str:
    for image in images:
        wanted = str(image["name"])

        def one(match: re.Match[str], image: Mapping[str, Any] = image, wanted: str = wanted) -> str:
            parts = _IMAGE.match(match[3])
            if not parts or parts["name"] != wanted:
                return match[0]
            found.add(wanted)
            return f"{match[1]}{match[2]}{_reference(image, parts)}{match[2]}"

        text = re.sub(r"(\bimage:[ \t]+)([\"']?)([^\s\"'#]+)\2", one, text)
    return text


def _reference(image: Mapping[str, Any], parts: re.Match[str]) -> str:
    name = image.get("new_name") or parts["name"]
    if image.get("digest"):
        return f"{name}@{image['digest']}"
    tag = image.get("new_tag") or parts["tag"]
    return f"{name}:{tag}" if tag else str(name)

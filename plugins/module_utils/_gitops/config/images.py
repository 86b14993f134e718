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

from ..._core.errors import Invalid, Place
from ..source.files import KUSTOMIZATIONS
from . import edit
from .files import change_file

_FIELDS = (("new_name", "newName"), ("new_tag", "newTag"), ("digest", "digest"))
_IMAGE = re.compile(r"^(?P<name>.*?)(?::(?P<tag>[\w][\w.-]*))?(?:@(?P<digest>[\w+.-]+:[0-9a-fA-F]+))?$")
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def set_images(folder: str, path: str, images: Sequence[Mapping[str, Any]]) -> list[str]:
    """Set each image below `path` of the work tree; return the changed files. Invalid when one is nowhere."""
    for image in images:
        if not any(image.get(option) for option, _key in _FIELDS):
            raise Invalid(f"images.{image['name']}", "says nothing", hint="give new_tag, digest or new_name")
    base = os.path.join(folder, path)
    if not os.path.exists(base):
        raise Invalid("path", f"does not exist in the repository: {path}")
    file = _kustomization(base)
    if file:
        return change_file(folder, file, lambda text, name: _in_kustomization(text, images, name))
    return _in_plain(folder, base, images)


def _kustomization(base: str) -> str:
    if os.path.isfile(base):
        return base if os.path.basename(base) in KUSTOMIZATIONS else ""
    return next((os.path.join(base, name) for name in KUSTOMIZATIONS if os.path.isfile(os.path.join(base, name))), "")


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
    return edit.remove_key(text, entry, other) if other and not image.get(_option(other)) else text


def _option(key: str) -> str:
    return next(option for option, name in _FIELDS if name == key)


def _listing(text: str, file: str) -> Any:
    listing = edit.child(edit.compose(text, file)[0], "images")
    if listing is None or listing.id == "sequence":
        return listing
    if listing.id == "scalar" and not listing.value:
        return listing
    raise Invalid("images", "must be a list", at=Place(file, listing.start_mark.line + 1))


def _entry(text: str, name: str, file: str) -> Any:
    items = getattr(_listing(text, file), "value", None) or []
    return next((item for item in items if getattr(edit.child(item, "name"), "value", None) == name), None)


def _append(text: str, image: Mapping[str, Any], file: str) -> str:
    """Return the text with one more entry, in the form of the entries that are there."""
    pairs = [("name", str(image["name"]))] + [(key, str(image[option])) for option, key in _FIELDS if image.get(option)]
    spelled = [f"{key}: {edit.quoted(value, None)}" for key, value in pairs]
    listing = _listing(text, file)
    if listing is None:
        return text.rstrip("\n") + "\nimages:\n" + _block(spelled, 0) + "\n"
    if not listing.value and not getattr(listing, "flow_style", False):
        return edit.insert_line(text, listing, _block(spelled, 0))
    if listing.flow_style:
        end = listing.value[-1].end_mark.index if listing.value else listing.end_mark.index - 1
        inner = ", " if listing.value else ""
        return f"{text[:end]}{inner}{{{', '.join(spelled)}}}{text[end:]}"
    return edit.insert_line(text, listing, _block(spelled, listing.start_mark.column))


def _block(spelled: Sequence[str], indent: int) -> str:
    first, *rest = spelled
    return "\n".join([f"{' ' * indent}- {first}", *(f"{' ' * indent}  {line}" for line in rest)])


def _in_plain(folder: str, base: str, images: Sequence[Mapping[str, Any]]) -> list[str]:
    files = [base] if os.path.isfile(base) else [
        os.path.join(base, name) for name in sorted(os.listdir(base)) if name.endswith((".yaml", ".yml"))
    ]  # fmt: skip
    found: set[str] = set()
    changed: list[str] = []
    for file in files:
        changed += change_file(folder, file, lambda text, name: _in_containers(text, images, found, name))
    missing = [str(image["name"]) for image in images if str(image["name"]) not in found]
    if missing:
        where = os.path.relpath(base, folder)
        raise Invalid("images", f"no container in {where} uses {', '.join(missing)}", hint="is path the right folder?")
    return changed


def _in_containers(text: str, images: Sequence[Mapping[str, Any]], found: set[str], file: str) -> str:
    """Set the image of each container, last place first, so that the marks before it stay true."""
    if not any(str(image["name"]) in text for image in images):
        return text
    wanted = {str(image["name"]): image for image in images}
    nodes = [node for root in edit.compose(text, file) for way, node in edit.walk(root) if _is_image(way)]
    for node in sorted(nodes, key=lambda node: int(node.start_mark.index), reverse=True):
        parts = _IMAGE.match(node.value)
        if parts and parts["name"] in wanted:
            found.add(parts["name"])
            text = edit.replace(text, node, _reference(wanted[parts["name"]], parts))
    return text


def _is_image(way: tuple[str, ...]) -> bool:
    return len(way) > 1 and way[-1] == "image" and way[-2] in _CONTAINERS


def _reference(image: Mapping[str, Any], parts: re.Match[str]) -> str:
    name = image.get("new_name") or parts["name"]
    if image.get("digest"):
        tag = image.get("new_tag")
        return f"{name}:{tag}@{image['digest']}" if tag else f"{name}@{image['digest']}"
    tag = image.get("new_tag") or parts["tag"]
    return f"{name}:{tag}" if tag else str(name)

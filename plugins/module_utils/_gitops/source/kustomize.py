# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What an Application says about its kustomization, written into the kustomization before it is built.

Source: argo-cd v3.6 util/kustomize/kustomize.go; kustomize v5 `edit add` and `edit set`. Must not run programs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid
from .files import KUSTOMIZATIONS

_VARIABLE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")
_IMAGE = re.compile(
    r"(?P<name>[^=@]+?)(?:=(?P<new>[^@]+?))?(?::(?P<tag>[\w][\w.-]*))?(?:@(?P<digest>\w+:[0-9a-fA-F]+))?"
)


def is_kustomization(name: str) -> bool:
    """Return whether a file's name makes its folder a kustomization."""
    return name in KUSTOMIZATIONS


def edited(
    found: Mapping[str, Any], options: Mapping[str, Any], env: Mapping[str, str], exists: Callable[[str], bool]
) -> dict[str, Any]:
    """Return a kustomization with the `options` of spec.source.kustomize.

    `env` fills in $NAME and ${NAME}; `exists` tells whether a component's folder is there. Invalid when a label or an
    annotation is there already and not forced.
    """
    out = dict(found)
    for key in ("namePrefix", "nameSuffix", "namespace"):
        if options.get(key):
            out[key] = options[key]
    if options.get("images"):
        out["images"] = _images(out.get("images") or [], [expand(str(one), env) for one in options["images"]])
    if options.get("replicas"):
        out["replicas"] = _replicas(out.get("replicas") or [], options["replicas"])
    _labels(out, options, env)
    _annotations(out, options, env)
    if options.get("patches"):
        out["patches"] = [*_list(out, "patches"), *options["patches"]]
    components = options.get("components") or []
    if options.get("ignoreMissingComponents"):
        components = [component for component in components if exists(str(component))]
    if components:
        known = _list(out, "components")
        out["components"] = [*known, *(component for component in components if component not in known)]
    return out


def expand(text: str, env: Mapping[str, str]) -> str:
    """Return a text with its variables, an unknown one is empty; $$ is a dollar."""
    return _VARIABLE.sub(lambda match: "$" if match[1] else env.get(match[2] or match[3], ""), text)


def build_arguments(path: str, options: str, kube_version: str, api_versions: Sequence[str]) -> list[str]:
    """Return the arguments of a build; with --enable-helm charts learn the cluster's versions."""
    given = options.split()
    out = ["build", path, *given]
    if "--enable-helm" not in given:
        return out
    for version in api_versions:
        out += ["--helm-api-versions", version]
    return [
        *out[: 2 + len(given)],
        *(["--helm-kube-version", kube_version] if kube_version else []),
        *out[2 + len(given) :],
    ]


def _list(obj: Mapping[str, Any], key: str) -> list[Any]:
    found = obj.get(key) or []
    if not isinstance(found, list):
        raise Invalid(key, "must be a list in the kustomization")
    return found


def _images(known: Sequence[Mapping[str, Any]], images: Sequence[str]) -> list[dict[str, Any]]:
    """Lay images of the form name[=new name][:tag][@digest] over those that the kustomization sets, by name."""
    entries = {str(entry.get("name")): dict(entry) for entry in known}
    for image in images:
        match = _IMAGE.fullmatch(image)
        if not match:
            raise Invalid("spec.source.kustomize.images", f"is no image: {image!r}", hint="name=new:tag or name@digest")
        entry = entries.setdefault(match["name"], {"name": match["name"]})
        if match["new"]:
            entry["newName"] = match["new"]
        if match["tag"] or match["digest"]:
            entry.pop("newTag", None)
            entry.pop("digest", None)
        entry |= {key: match[part] for key, part in (("newTag", "tag"), ("digest", "digest")) if match[part]}
    return [entries[name] for name in sorted(entries)]


def _replicas(known: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    entries = {str(entry.get("name")): dict(entry) for entry in known}
    for entry in wanted:
        try:
            entries[str(entry["name"])] = {"name": entry["name"], "count": int(entry.get("count", 0))}
        except ValueError:
            raise Invalid("spec.source.kustomize.replicas", f"is no number: {entry.get('count')!r}") from None
    return list(entries.values())


def _labels(out: dict[str, Any], options: Mapping[str, Any], env: Mapping[str, str]) -> None:
    labels = {name: expand(str(value), env) for name, value in (options.get("commonLabels") or {}).items()}
    if not labels:
        return
    given = _list(out, "labels")
    present = {
        **(out.get("commonLabels") or {}),
        **{n: v for one in given for n, v in (one.get("pairs") or {}).items()},
    }
    _refuse(labels, present, "label", force=bool(options.get("forceCommonLabels")))
    if not options.get("labelWithoutSelector"):
        out["commonLabels"] = {**(out.get("commonLabels") or {}), **labels}
        return
    entry: dict[str, Any] = {"pairs": labels}
    if options.get("labelIncludeTemplates"):
        entry["includeTemplates"] = True
    kept = {name: value for name, value in (out.get("commonLabels") or {}).items() if name not in labels}
    out.pop("commonLabels", None)
    out |= {"labels": [*given, entry], **({"commonLabels": kept} if kept else {})}


def _annotations(out: dict[str, Any], options: Mapping[str, Any], env: Mapping[str, str]) -> None:
    notes = {name: str(value) for name, value in (options.get("commonAnnotations") or {}).items()}
    if not notes:
        return
    if options.get("commonAnnotationsEnvsubst"):
        notes = {name: expand(value, env) for name, value in notes.items()}
    present = out.get("commonAnnotations") or {}
    _refuse(notes, present, "annotation", force=bool(options.get("forceCommonAnnotations")))
    out["commonAnnotations"] = {**present, **notes}


def _refuse(wanted: Mapping[str, str], present: Mapping[str, Any], what: str, *, force: bool) -> None:
    twice = [name for name in wanted if name in present]
    if twice and not force:
        option = f"forceCommon{what.capitalize()}s"
        raise Invalid("kustomization", f"{what} {twice[0]} already in kustomization file", hint=f"{option}: true")

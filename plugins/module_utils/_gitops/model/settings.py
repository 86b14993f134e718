# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the ConfigMap argocd-cm says, key by key: defaults, lists, overrides, secrets named by $key. Pure.

Source: argo-cd v3.6 util/settings/settings.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core import duration
from ..._core.errors import Invalid

Data = Mapping[str, str]
SECRET_TYPE = "argocd.argoproj.io/secret-type"
PART_OF = ("app.kubernetes.io/part-of", "argocd")
_ENABLING = {"Kustomize": "kustomize.enable", "Helm": "helm.enable", "Directory": "jsonnet.enable"}
_SCHEMES = ("http", "https")
_EXTENSIONS = "extension.config"
_LABEL_PART = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_REPOSITORY_TYPES = ("repository", "repo-creds", "repository-write", "repo-write-creds")
_OBJECTS = ("argocd-cm", "argocd-secret")


def comma_list(text: str | None) -> list[str]:
    """Return the entries of a comma list, without blanks around and empty ones."""
    return [entry.strip() for entry in (text or "").split(",") if entry.strip()]


def sensitive_annotations(data: Data) -> set[str]:
    """Return the annotations whose values are hidden in Secrets."""
    return set(comma_list(data.get("resource.sensitive.mask.annotations")))


def allowed_node_labels(data: Data) -> list[str]:
    """Return the labels of nodes that may be shown; what is no name of a label is passed over."""
    return [label for label in comma_list(data.get("application.allowedNodeLabels")) if is_label(label)]


def is_label(text: str) -> bool:
    """Return whether a text may name a label: [prefix/]name."""
    prefix, _, name = text.rpartition("/")
    domain = all(re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", part) for part in prefix.split("."))
    return _LABEL_PART.fullmatch(name) is not None and (not prefix or (domain and len(prefix) <= 253))


def enabled_source_types(data: Data) -> dict[str, bool]:
    """Return which tools may render; all that are not switched off."""
    return {kind: data.get(key, "true") == "true" for kind, key in _ENABLING.items()}


def value_file_schemes(data: Data) -> list[str]:
    """Return the schemes of addresses that Helm's value files may have: http and https unless others are named."""
    text = data.get("helm.valuesFileSchemes")
    return list(_SCHEMES) if text is None else comma_list(text)


def extension_configs(data: Data) -> dict[str, str]:
    """Return the configurations of proxy extensions, the main one under the empty name."""
    return {
        key.removeprefix(_EXTENSIONS).removeprefix("."): value
        for key, value in data.items()
        if key.startswith(_EXTENSIONS)
    }


def refresh_jitter(data: Data) -> float:
    """Return the seconds within which refreshes after a webhook are spread; none for what is no duration."""
    try:
        return max(duration.parse_go(data.get("webhook.refresh.jitter") or "0"), 0.0)
    except Invalid:
        return 0.0


def override_key(text: str) -> str:
    """Return group_Kind as group/Kind, a bare kind as it is. Invalid for another form."""
    parts = text.split("_")
    if len(parts) == 2:
        return "/".join(parts)
    if len(parts) == 1 and text:
        return text
    wanted = "`resource.customizations.<type>.<group_kind>` or `resource.customizations.<type>.<kind>`"
    raise Invalid("", f"group kind should be in format {wanted}, got group kind: '{text}'")


def kustomize_binary(settings: Mapping[str, Any], source: Mapping[str, Any]) -> str:
    """Return the path of the Kustomize that a source is built with, empty for the usual one. Invalid for an unknown one.

    A path that the settings fix beats the version that the source wants.
    """
    if settings.get("BinaryPath"):
        return str(settings["BinaryPath"])
    wanted = (source.get("kustomize") or {}).get("version")
    if not wanted:
        return ""
    versions: Sequence[Mapping[str, Any]] = settings.get("Versions") or []
    found = next((version for version in versions if version.get("Name") == wanted), None)
    if found is None:
        raise Invalid("", f"kustomize version {wanted} is not registered")
    return str(found.get("Path") or "")


def with_secret(text: str, secrets: Mapping[str, str]) -> str:
    """Return the value of a key that a text names as $key; any other text, and an unknown key, stays."""
    if not text.startswith("$"):
        return text
    return secrets.get(text[1:].strip(), text).strip() if text[1:].strip() in secrets else text


def _labels(obj: Any) -> Mapping[str, str]:
    return ((obj.get("metadata") or {}).get("labels") or {}) if isinstance(obj, Mapping) else {}


def is_repository_secret(obj: Any) -> bool:
    """Return whether an object is a Secret of a repository or of a credential template."""
    return _labels(obj).get(SECRET_TYPE) in _REPOSITORY_TYPES


def is_config_map(obj: Any) -> bool:
    """Return whether an object is the ConfigMap of the settings."""
    return isinstance(obj, Mapping) and (obj.get("metadata") or {}).get("name") == _OBJECTS[0]


def is_settings_object(obj: Any) -> bool:
    """Return whether a change of an object changes the settings: the ConfigMap, the Secret, or what is part of them."""
    if not isinstance(obj, Mapping):
        return False
    return (obj.get("metadata") or {}).get("name") in _OBJECTS or _labels(obj).get(PART_OF[0]) == PART_OF[1]

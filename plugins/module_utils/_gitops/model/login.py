# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How people log in at an installed Argo CD: the addresses of its callbacks, what its OIDC and Dex settings mean. Pure.

Source: argo-cd v3.6 util/settings/settings.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..._core import duration, yaml
from ..._core.errors import Invalid
from ..._core.paths import join
from ..._lang import gourl

CALLBACK, DEX_CALLBACK = "/auth/callback", "/api/dex/callback"
CLI_CLIENT = "argo-cd-cli"
CLIENT = "argo-cd"
_GRAPH = "https://graph.microsoft.com/v1.0"


def with_path(url: str, path: str) -> str:
    """Return an address with a path behind its own. Invalid for no address."""
    parsed = gourl.parse(url)
    return str(replace(parsed, path=join(parsed.path or "/", path)))


def callback(url: str) -> str:
    """Return where an identity provider sends people back to. Invalid for no address."""
    return with_path(url, CALLBACK)


def dex_callback(url: str) -> str:
    """Return where the bundled Dex is called back. Invalid for no address."""
    return with_path(url, DEX_CALLBACK)


def callback_for(urls: Sequence[str], request: str) -> str:
    """Return the callback at the address that a request came to, else at the first. Invalid for no address."""
    asked = gourl.parse(request)
    for url in urls:
        known = gourl.parse(url)
        if known.host == asked.host and (asked.path or "/").startswith(known.path or "/"):
            return callback(url)
    return callback(urls[0])


def oidc(text: str) -> Mapping[str, Any] | None:
    """Return the settings of an OIDC provider, None without or when they cannot be read."""
    found = _mapping(text)
    return found if text and found is not None else None


def audiences(text: str, dex: str = "") -> list[str]:
    """Return the audiences whose tokens count: those named, else the client's and the command line's id.

    With the bundled Dex (`dex` is its configuration) and no other provider they are its own clients.
    """
    settings = oidc(text) or {}
    if not settings and dex:
        return [CLIENT, CLI_CLIENT]
    named = [str(one) for one in settings.get("allowedAudiences") or []]
    return named or [str(settings[key]) for key in ("clientID", "cliClientID") if settings.get(key)]


def azure(text: str) -> Mapping[str, Any]:
    """Return the part of the settings that is for Azure."""
    return (oidc(text) or {}).get("azure") or {}


def azure_graph(text: str) -> str:
    """Return the address of Azure's graph, empty without settings for Azure."""
    settings = oidc(text) or {}
    if settings.get("azure") is None:
        return ""
    return str(settings["azure"].get("graphApiEndpoint") or _GRAPH)


def azure_cache_seconds(text: str) -> float:
    """Return for how many seconds groups from Azure are kept; 0 without and for what is no duration."""
    try:
        return duration.parse_go(str(azure(text).get("userGroupOverageClaimCacheExpiration") or "0"))
    except Invalid:
        return 0.0


def dex_connector(data: Mapping[str, str]) -> str:
    """Return the connector that everybody is sent to: the one named, when Dex has it and no other provider is set."""
    wanted = data.get("dex.auth.connectorId", "").strip()
    connectors = (_mapping(data.get("dex.config", "")) or {}).get("connectors")
    known = [one.get("id") for one in connectors if isinstance(one, Mapping)] if isinstance(connectors, list) else []
    return wanted if wanted and wanted in known else ""


def forced_connector(data: Mapping[str, str]) -> str:
    """Return the connector as above, none where an external provider is set."""
    return "" if data.get("oidc.config") else dex_connector(data)


def _mapping(text: str) -> Mapping[str, Any] | None:
    try:
        documents = list(yaml.load_all(text, "settings"))
    except Invalid:
        return None
    return documents[0].data if documents and isinstance(documents[0].data, dict) else None

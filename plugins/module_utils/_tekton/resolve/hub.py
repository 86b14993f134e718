# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The hub resolver: a Task, Pipeline or StepAction of Artifact Hub or of a Tekton Hub.

Source: tektoncd/pipeline pkg/remoteresolution/resolver/hub/{resolver,resolve}.go, v1.15.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from ..._core.errors import Permanent, SlipwayError
from ..model.reference import Source
from . import hub_versions, web
from .hub_versions import Constraint
from .resolver import Context, Params, Resolved, Resolver, texts, wrong
from .settings import Settings, addresses

_KINDS = ("task", "pipeline", "stepaction")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hub:
    """One type of hub: the name in messages, the paths of a version and of the list, where the YAML lies in the answer."""

    title: str
    urls: str
    version: str
    listing: str
    content: str
    versions: Callable[[Any], list[str]]


def _of_artifact(answer: Any) -> list[str]:
    return [str(one["version"]) for one in answer.get("available_versions") or [] if not one.get("prerelease")]


def _of_tekton(answer: Any) -> list[str]:
    return [str(one["version"]) for one in (answer.get("data") or {}).get("versions") or []]


_HUBS = {
    "artifact": Hub(
        "Artifact Hub", "artifact-hub-urls", "api/v1/packages/tekton-{kind}/{catalog}/{name}/{version}",
        "api/v1/packages/tekton-{kind}/{catalog}/{name}", "manifestRaw", _of_artifact,
    ),
    "tekton": Hub(
        "Tekton Hub", "tekton-hub-urls", "v1/resource/{catalog}/{kind}/{name}/{version}/yaml",
        "v1/resource/{catalog}/{kind}/{name}", "yaml", _of_tekton,
    ),
}  # fmt: skip


def check(params: Mapping[str, Any], settings: Settings) -> dict[str, str]:
    """Return the params with the defaults of the configuration. Source: populateDefaultParams, validateParamsForResolve."""
    given, conf = texts(params), settings.texts("hub")
    given.setdefault("type", conf["default-type"])
    given.setdefault("kind", conf["default-kind"])
    if "catalog" not in given:
        given["catalog"] = _catalog(given, conf)
    problem = _problem(given, settings)
    if problem:
        raise wrong(f"failed to validate params: {problem}")
    return given


def _catalog(given: Params, conf: Mapping[str, str]) -> str:
    """Source: resolveCatalogName."""
    if given["type"] == "tekton":
        return conf["default-tekton-hub-catalog"]
    if given["type"] != "artifact":
        what = f"type: {given['type']}"
    elif given["kind"] in ("task", "pipeline"):
        return conf[f"default-artifact-hub-{given['kind']}-catalog"]
    else:
        what = f"kind: {given['kind']}"
    text = f"failed to populate default params: failed to resolve catalog name with {what}"
    raise wrong(text, hint="give the param catalog")


def _problem(given: Params, settings: Settings) -> str:
    if given["kind"] not in _KINDS:
        return f"kind param must be one of: {', '.join(_KINDS)}"
    if given.get("url"):
        parts = urlsplit(given["url"])
        if not parts.scheme or not parts.netloc:
            return f"invalid url param: url must be a valid absolute URL: {given['url']}"
        if parts.scheme not in ("http", "https"):
            return f"invalid url param: url must use http or https scheme: {given['url']}"
    if given["type"] not in _HUBS:
        return f"type param must be {' or '.join(_HUBS)}"
    if given["type"] == "tekton" and not _urls(given, settings):
        return "please configure TEKTON_HUB_API env variable to use tekton type (here: resolvers.hub.tekton-hub-urls)"
    missing = [name for name in ("name", "version") if name not in given]
    return f"missing required hub resolver params: {', '.join(missing)}" if missing else ""


def _urls(params: Params, settings: Settings) -> list[str]:
    if params.get("url"):
        return [params["url"].rstrip("/")]
    name = _HUBS[params["type"]].urls
    return addresses(settings.of("hub")[name], f"resolvers.hub.{name}")


def fetch(params: Params, context: Context) -> Resolved:
    """Return the YAML of the version, or of the highest one that fits the constraint in `version`."""
    hub, urls = _HUBS[params["type"]], _urls(params, context.settings)
    if not urls:
        raise Permanent(f"no hub URL configured for type {params['type']}", hint=f"resolvers.hub.{hub.urls}")
    constraints = hub_versions.constraints(params["version"])
    if constraints is not None:
        version, url = _chosen(hub, params, constraints, urls, context)
        params, urls = {**params, "version": version}, [url]
    params = {**params, "version": hub_versions.spelled(params["version"], params["type"])}
    return _first(urls, lambda url: _content(hub, f"{url}/{_path(hub.version, params)}", context), _NOWHERE)


_NOWHERE = "failed to fetch resource from any configured hub URL"
_NO_VERSION = "failed to resolve version constraint from any configured hub URL"


def _chosen(
    hub: Hub, params: Params, constraints: Sequence[Constraint], urls: Sequence[str], context: Context
) -> tuple[str, str]:
    """Return the version and the hub that has it: a hub that answers decides, also when nothing fits."""

    def versions(url: str) -> tuple[list[str], str]:
        return hub.versions(_get(hub, f"{url}/{_path(hub.listing, params)}", context)), url

    found, url = _first(urls, versions, _NO_VERSION)
    chosen = hub_versions.highest(found, constraints)
    if not chosen:
        hint = f"versions: {', '.join(found) or 'none'}"
        raise Permanent(f"no version found for constraint {params['version']}", hint=hint)
    return chosen, url


def _first(urls: Sequence[str], ask: Callable[[str], T], message: str) -> T:
    failed: list[SlipwayError] = []
    for url in urls:
        try:
            return ask(url)
        except Permanent as error:
            failed.append(error)
    if len(failed) == 1:
        raise failed[0]
    raise Permanent(f"{message}: {' / '.join(error.message for error in failed)}")


def _path(template: str, params: Params) -> str:
    return template.format(**{name: quote(value, safe="") for name, value in params.items()})


def _content(hub: Hub, url: str, context: Context) -> Resolved:
    text = (_get(hub, url, context).get("data") or {}).get(hub.content)
    if not isinstance(text, str) or not text:
        raise Permanent(f"fail to fetch {hub.title} resource: the answer of {url} has no data.{hub.content}")
    data = text.encode()
    return Resolved(data, Source(url, {"sha256": hashlib.sha256(data).hexdigest()}))


def _get(hub: Hub, url: str, context: Context) -> Any:
    answer = web.get(url, context)
    if answer.status != 200:
        text = f"fail to fetch {hub.title} resource: requested resource '{url}' not found on hub"
        raise Permanent(text, hint=f"the hub answered {answer.status}; check catalog, kind, name and version")
    found = answer.data()
    if not isinstance(found, dict):
        raise Permanent(f"fail to fetch {hub.title} resource: {url} answered something else than an object")
    return found


RESOLVER = Resolver("Hub", check, fetch)

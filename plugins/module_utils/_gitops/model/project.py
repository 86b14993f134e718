# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An AppProject, checked as upstream's admission does, with its roles, policies and tokens.

Source: argo-cd v3.6 pkg/apis/application/v1alpha1/{app_project_types,types}.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid
from ..._core.types import Manifest
from ..._lang import globs
from ..decide import windows

_ROLE = re.compile(r"[a-zA-Z0-9]([-_a-zA-Z0-9]*[a-zA-Z0-9])?")
_ACTIONS = frozenset(("get", "create", "update", "delete", "sync", "override", "*"))
_ACTION = re.compile(r"(action|update|delete)/")
_RESOURCES = ("applications", "applicationsets", "logs", "exec", "clusters", "repositories")
_ACCOUNT_FORBIDDEN = frozenset("!*[]{}\\/")
_DENY_ALL = "!*"


def validate(project: Manifest) -> None:
    """Raise Invalid with upstream's message for the first thing that is wrong with a project."""
    spec, name = project.get("spec") or {}, str((project.get("metadata") or {}).get("name") or "")
    _destinations(spec.get("destinations") or [])
    _once(spec.get("sourceNamespaces") or [], "source namespace '{}' already added")
    _sources(spec.get("sourceRepos") or [])
    _roles(name, spec.get("roles") or [])
    _windows(spec.get("syncWindows") or [])
    _accounts(spec.get("destinationServiceAccounts") or [])


def _once(values: Sequence[str], message: str) -> None:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise Invalid("", message.format(value))


def _destinations(items: Sequence[Mapping[str, Any]]) -> None:
    for item in items:
        for key in ("name", "server", "namespace"):
            if item.get(key) == _DENY_ALL:
                raise Invalid("", f"{key} has an invalid format, '{_DENY_ALL}'")
    keys = [f"{item.get('server') or item.get('name') or ''}/{item.get('namespace') or ''}" for item in items]
    _once(keys, "destination '{}' already added")


def _sources(repos: Sequence[str]) -> None:
    if _DENY_ALL in repos:
        raise Invalid("", f"source repository has an invalid format, '{_DENY_ALL}'")
    _once(repos, "source repository '{}' already added")


def _roles(project: str, roles: Sequence[Mapping[str, Any]]) -> None:
    _once([str(role.get("name") or "") for role in roles], "role '{}' already exists")
    for role in roles:
        name = str(role.get("name") or "")
        validate_role_name(name)
        _once(role.get("policies") or [], f"policy '{{}}' already exists for role '{name}'")
        for policy in role.get("policies") or []:
            validate_policy(project, name, policy)
        _once(role.get("groups") or [], f"group '{{}}' already exists for role '{name}'")
        for group in role.get("groups") or []:
            validate_group_name(group)


def _windows(given: Sequence[Mapping[str, Any]]) -> None:
    seen = set()
    for window in given:
        label = "window '{kind}':'{schedule}':'{duration}'".format(
            **{key: window.get(key) or "" for key in ("kind", "schedule", "duration")}
        )
        key = windows.identity(window)
        if key in seen:
            raise Invalid("", f"{label} already exists, update or edit")
        seen.add(key)
        windows.validate(window)
        if not any(window.get(selector) for selector in ("applications", "namespaces", "clusters")):
            raise Invalid("", f"{label} requires one of application, cluster or namespace")


def _accounts(items: Sequence[Mapping[str, Any]]) -> None:
    for item in items:
        for key in ("server", "namespace"):
            value = str(item.get(key) or "")
            if "!" in value or not _is_glob(value):
                raise Invalid("", f"{key} has an invalid format, '{value}'")
        account = str(item.get("defaultServiceAccount") or "")
        if not account.strip(" ") or _ACCOUNT_FORBIDDEN & set(account):
            raise Invalid("", f"defaultServiceAccount has an invalid format, '{account}'")
    keys = [f"{item.get('server') or ''}/{item.get('namespace') or ''}" for item in items]
    _once(keys, "destinationServiceAccount '{}' already added")


def _is_glob(pattern: str) -> bool:
    try:
        globs.compiled(pattern)
    except Invalid:
        return False
    return True


def validate_role_name(name: str) -> None:
    """Raise Invalid for a role's name that is none."""
    if not _ROLE.fullmatch(name):
        rule = (
            "Must consist of alphanumeric characters, '-' or '_', and must start and end with an alphanumeric character"
        )
        raise Invalid("", f"invalid role name '{name}'. {rule}")


def validate_group_name(name: str) -> None:
    """Raise Invalid for the name of a group that could not be written into a policy. Commas need quotes around."""
    text = name.strip()
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        text = text[1:-1]
    elif "," in text:
        raise Invalid("", f"group '{text}' must be quoted")
    if not text:
        raise Invalid("", f"group '{text}' is empty")
    if re.search('["\n\r\t]', text):
        raise Invalid("", f"group '{text}' contains invalid characters")
    for side, char in (("leading", name[0]), ("trailing", name[-1])):
        if len(name) > 1 and char.isspace():
            raise Invalid("", f"group '{text}' contains a {side} space")


def validate_policy(project: str, role: str, policy: str) -> None:
    """Raise Invalid for a policy that is not `p, proj:<project>:<role>, resource, action, object, effect`."""
    parts = [part.strip(" ") for part in policy.split(",")]
    wrong = f"invalid policy rule '{policy}': "
    if len(parts) != 6 or parts[0] != "p":
        raise Invalid("", f"{wrong}must be of the form: 'p, sub, res, act, obj, eft'")
    _, subject, resource, action, target, effect = parts
    expected = f"proj:{project}:{role}"
    if subject != expected:
        raise Invalid("", f"{wrong}policy subject must be: '{expected}', not '{subject}'")
    if resource not in _RESOURCES:
        kinds = "'applications', 'applicationsets', 'repositories', 'exec', 'logs' or 'clusters'"
        raise Invalid("", f"{wrong}project resource must be: {kinds}, not '{resource}'")
    if not is_valid_action(action):
        raise Invalid("", f"{wrong}invalid action '{action}'")
    if not is_valid_object(project, target):
        forms = f"'{project}/*', '{project}[/<NAMESPACE>]/<APPNAME>' or '{project}/<APPNAME>'"
        raise Invalid("", f"{wrong}object must be of form {forms}, not '{target}'")
    if effect not in ("allow", "deny"):
        raise Invalid("", f"{wrong}effect must be: 'allow' or 'deny'")


def is_valid_action(action: str) -> bool:
    """Return whether a policy may name an action: a verb, *, or action/, update/, delete/ with something behind."""
    return action in _ACTIONS or _ACTION.search(action) is not None


def is_valid_object(project: str, target: str) -> bool:
    """Return whether a policy's object is <project>[/<namespace>]/<application>, with * for any of the latter."""
    return re.fullmatch(rf"{re.escape(project)}(/[*\w\-.]+)?/[*\w\-.]+", target, re.ASCII) is not None


def role_by_name(project: Manifest, name: str) -> tuple[Mapping[str, Any], int]:
    """Return a role and its position. Invalid when there is none of the name."""
    for index, role in enumerate((project.get("spec") or {}).get("roles") or []):
        if role.get("name") == name:
            return role, index
    owner = (project.get("metadata") or {}).get("name") or ""
    raise Invalid("", f"role '{name}' does not exist in project '{owner}'")


def group_exists(role: Mapping[str, Any]) -> bool:
    """Return whether a role is bound to a group."""
    return bool(role.get("groups"))


def add_group(project: Manifest, role: str, group: str) -> tuple[Manifest, bool]:
    """Return the project with the role bound to a group, and whether that changed it. Invalid for an unknown role."""
    found, index = role_by_name(project, role)
    groups = list(found.get("groups") or [])
    if group in groups:
        return project, False
    return _with_role(project, index, {**found, "groups": [*groups, group]}), True


def remove_group(project: Manifest, role: str, group: str) -> tuple[Manifest, bool]:
    """Return the project without the group at the role, and whether that changed it. Invalid for an unknown role."""
    found, index = role_by_name(project, role)
    groups = list(found.get("groups") or [])
    if group not in groups:
        return project, False
    groups.remove(group)
    return _with_role(project, index, {**found, "groups": groups}), True


def _with_role(project: Manifest, index: int, role: Mapping[str, Any]) -> Manifest:
    roles = list(project["spec"]["roles"])
    roles[index] = role
    return {**project, "spec": {**project["spec"], "roles": roles}}


def normalize_tokens(project: Manifest) -> tuple[Manifest, bool]:
    """Return the project with the tokens of its roles the same in spec and status, and whether that changed it.

    A token without id gets the second it was issued at as its id; the newest comes first.
    """
    spec, status = project.get("spec") or {}, project.get("status") or {}
    stored = status.get("jwtTokensByRole") or {}
    roles, by_role, changed = [], {}, False
    for role in spec.get("roles") or []:
        own, kept = role.get("jwtTokens") or [], (stored.get(role["name"]) or {}).get("items") or []
        tokens = _combined([*kept, *own])
        changed = changed or tokens != _newest_first(own) or tokens != _newest_first(kept)
        roles.append({**role, "jwtTokens": tokens})
        by_role[role["name"]] = {"items": tokens}
    changed = changed or bool(set(stored) - set(by_role))
    result = {**project, "spec": {**spec, "roles": roles}, "status": {**status, "jwtTokensByRole": by_role}}
    return result, changed


def _combined(tokens: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    named = [token if token.get("id") else {**token, "id": str(token.get("iat", 0))} for token in tokens]
    return _newest_first(list({token["id"]: token for token in named}.values()))


def _newest_first(tokens: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(tokens, key=lambda token: -int(token.get("iat", 0)))

# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What an object says about its own sync in annotations: hook types, delete policies, wave, sync options.

Source: argo-cd v3.6 gitops-engine/pkg/sync (hook, hook/helm, syncwaves, resource, sync_phase.go), controller/hook.go.
Knows one object at a time; must not know tasks or what is live.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..._core.types import Manifest

PHASES = ("PreSync", "Sync", "PostSync", "SyncFail")
HOOK_TYPES = (*PHASES, "Skip")
DELETE_POLICIES = ("BeforeHookCreation", "HookSucceeded", "HookFailed")
FINALIZER = "argocd.argoproj.io/hook-finalizer"
SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
_HOOK, _HELM_HOOK = "argocd.argoproj.io/hook", "helm.sh/hook"
_POLICY, _HELM_POLICY = "argocd.argoproj.io/hook-delete-policy", "helm.sh/hook-delete-policy"
_WAVE, _HELM_WEIGHT = "argocd.argoproj.io/sync-wave", "helm.sh/hook-weight"
HELM_TYPES = {
    "pre-install": "PreSync", "pre-upgrade": "PreSync", "post-upgrade": "PostSync", "post-install": "PostSync",
}  # fmt: skip
HELM_POLICIES = {
    "before-hook-creation": "BeforeHookCreation", "hook-succeeded": "HookSucceeded", "hook-failed": "HookFailed",
}  # fmt: skip
_DELETE_TYPES = {"PreDelete": "pre-delete", "PostDelete": "post-delete"}
_INTEGER = re.compile(r"[+-]?[0-9]+")


def annotation(obj: Manifest | None, name: str) -> str:
    """Return an annotation, empty when it is not there."""
    return str(_annotations(obj).get(name) or "")


def _annotations(obj: Manifest | None) -> dict[str, object]:
    found = ((obj or {}).get("metadata") or {}).get("annotations")
    return found if isinstance(found, dict) else {}


def words(text: str) -> list[str]:
    """Return the distinct, non-empty parts of a comma separated text."""
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def has_option(obj: Manifest | None, value: str, key: str = SYNC_OPTIONS) -> bool:
    """Return whether the comma list in annotation `key` has exactly `value`, such as "Replace=true"."""
    return value in words(annotation(obj, key))


def option(obj: Manifest | None, name: str, key: str = SYNC_OPTIONS) -> str | None:
    """Return the value of the first `name=value` in annotation `key`; None when it is not there."""
    found = (word.partition("=") for word in words(annotation(obj, key)))
    return next((value for given, separator, value in found if given == name and separator), None)


def hook_type(text: str) -> str | None:
    """Return a hook type of the sync; None for another word."""
    return text if text in HOOK_TYPES else None


def delete_policy(text: str) -> str | None:
    """Return a hook delete policy; None for another word."""
    return text if text in DELETE_POLICIES else None


def helm_types(obj: Manifest | None) -> list[str]:
    """Return Helm's hook types that a sync knows; rollback, delete and test hooks are dropped."""
    return [word for word in words(annotation(obj, _HELM_HOOK)) if word in HELM_TYPES]


def helm_policies(obj: Manifest | None) -> list[str]:
    """Return Helm's delete policies of the object."""
    return [word for word in words(annotation(obj, _HELM_POLICY)) if word in HELM_POLICIES]


def is_helm_hook(obj: Manifest | None) -> bool:
    """True when Helm would call it a hook; crd-install is plain, because a CRD is."""
    given = _annotations(obj).get(_HELM_HOOK)
    return given is not None and given != "crd-install"


def hook_types(obj: Manifest | None) -> list[str]:
    """Return the hook types of an object. Helm's count only where no valid Argo type is given."""
    given = [word for word in words(annotation(obj, _HOOK)) if word in HOOK_TYPES]
    return given or [HELM_TYPES[word] for word in helm_types(obj)]


def is_skipped(obj: Manifest | None) -> bool:
    """True for Skip alone: the object is neither applied nor counted."""
    return hook_types(obj) == ["Skip"]


def is_hook(obj: Manifest | None) -> bool:
    """True for Argo hooks, also of a type that nobody knows (never applied then), and for Helm hooks."""
    if _HOOK in _annotations(obj):
        return not is_skipped(obj)
    return is_helm_hook(obj)


def phases(obj: Manifest | None) -> list[str]:
    """Return the phases in which the object is applied, in their order: Sync for what is no hook."""
    if is_skipped(obj):
        return []
    if not is_hook(obj):
        return ["Sync"]
    given = hook_types(obj)
    return [phase for phase in PHASES if phase in given]


def delete_policies(obj: Manifest | None) -> list[str]:
    """Return when a hook is deleted; BeforeHookCreation when no valid policy is given."""
    argo = [word for word in words(annotation(obj, _POLICY)) if word in DELETE_POLICIES]
    return [*argo, *(HELM_POLICIES[word] for word in helm_policies(obj))] or ["BeforeHookCreation"]


def wave(obj: Manifest | None) -> int:
    """Return the wave: the annotation, else Helm's hook weight, else 0; what is no integer does not count."""
    for name in (_WAVE, _HELM_WEIGHT):
        text = annotation(obj, name)
        if _INTEGER.fullmatch(text):
            return int(text)
    return 0


def helm_weight(obj: Manifest | None) -> int:
    """Return Helm's hook weight, 0 when there is none."""
    text = annotation(obj, _HELM_WEIGHT)
    return int(text) if _INTEGER.fullmatch(text) else 0


def is_delete_hook(obj: Manifest | None, kind: str) -> bool:
    """True for a hook that runs around the deletion of the application. `kind` is PreDelete or PostDelete."""
    if kind not in _DELETE_TYPES:
        return False
    return has_option(obj, kind, _HOOK) or has_option(obj, _DELETE_TYPES[kind], _HELM_HOOK)


def is_any_hook(obj: Manifest | None) -> bool:
    """True for hooks of the sync and of the deletion: such objects are no resources of the application."""
    return is_hook(obj) or any(is_delete_hook(obj, kind) for kind in _DELETE_TYPES)


def missing_delete_hooks(targets: Iterable[Manifest], live: Sequence[Manifest], kind: str) -> list[Manifest]:
    """Return the delete hooks of `kind` to be created: those that do not run yet, by key."""
    running = {_key(obj) for obj in live if is_delete_hook(obj, kind)}
    return [obj for obj in targets if is_delete_hook(obj, kind) and _key(obj) not in running]


def next_to_delete(objs: Sequence[Manifest]) -> list[Manifest]:
    """Return what a cascade deletes now: the objects of the highest wave. Source: controller/sort_delete.go."""
    highest = max((wave(obj) for obj in objs), default=0)
    return [obj for obj in objs if wave(obj) == highest]


def needs_confirmation(obj: Manifest | None, app_options: Sequence[str]) -> bool:
    """True when deleting the object waits for a person: Delete=confirm or Prune=confirm.

    The object's own value of an option hides the application's.
    Source: controller/state.go, isObjRequiresDeletionConfirmation.
    """
    if obj is None:
        return False
    given = dict(text.partition("=")[::2] for text in reversed(app_options))
    own = {name: option(obj, name) for name in ("Delete", "Prune")}
    return any((given.get(name) if value is None else value) == "confirm" for name, value in own.items())


def _key(obj: Manifest) -> tuple[str, str, str, str]:
    meta = obj.get("metadata") or {}
    group = str(obj.get("apiVersion", "")).rpartition("/")[0]
    return group, str(obj.get("kind", "")), str(meta.get("namespace") or ""), str(meta.get("name", ""))

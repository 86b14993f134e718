# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a sync does, in which order: phases, waves, kinds, names.

Source: argo-cd v3.6 gitops-engine/pkg/sync (sync_task.go, sync_tasks.go, sync_context.go).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..._core.types import Manifest, split_api_version
from . import hooks

KIND_ORDER = (
    "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy", "PodDisruptionBudget",
    "ServiceAccount", "Secret", "SecretList", "ConfigMap", "StorageClass", "PersistentVolume", "PersistentVolumeClaim",
    "CustomResourceDefinition", "ClusterRole", "ClusterRoleList", "ClusterRoleBinding", "ClusterRoleBindingList", "Role",
    "RoleList", "RoleBinding", "RoleBindingList", "Service", "DaemonSet", "Pod", "ReplicationController", "ReplicaSet",
    "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass", "Ingress", "APIService",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do. `live` is None for what does not exist, `target` for what is to be pruned.

    `state` is the operation phase of the task: empty while it is pending, then Running, Succeeded, Failed or Error.
    """

    phase: str
    wave: int
    target: Manifest | None
    live: Manifest | None
    hook: bool = False
    state: str = ""

    @property
    def obj(self) -> Manifest:
        obj = self.target or self.live
        if obj is None:
            raise AssertionError
        return obj

    @property
    def prune(self) -> bool:
        return self.target is None


def make(phase: str, target: Manifest | None, live: Manifest | None, state: str = "") -> Task:
    """Return a task; whether it is a hook and its wave are read from the object."""
    obj = target or live
    return Task(phase, hooks.wave(obj), target, live, hooks.is_hook(obj), state)


def hook_type(task: Task) -> str:
    """Return the type under which a hook runs, empty for a resource."""
    return task.phase if task.hook else ""


def has_delete_policy(task: Task, policy: str) -> bool:
    """Return whether a hook is deleted by `policy`; a resource never is."""
    return task.hook and policy in hooks.delete_policies(task.obj)


def delete_before_creation(task: Task) -> bool:
    """True for a hook of an earlier sync that must be gone before it is created again."""
    return task.live is not None and not task.state and has_delete_policy(task, "BeforeHookCreation")


def delete_after(task: Task, policy: str) -> bool:
    """True when a hook that exists is deleted at the end of the operation. `policy`: HookSucceeded or HookFailed."""
    return task.live is not None and has_delete_policy(task, policy)


def multi_step(tasks: Sequence[Task]) -> bool:
    """True when the ordered tasks have more than one phase or wave: then each step is awaited."""
    return bool(tasks) and (tasks[0].phase, tasks[0].wave) != (tasks[-1].phase, tasks[-1].wave)


def kind_rank(obj: Manifest) -> int:
    """Return the rank of a kind within a wave; kinds that nobody ranked come last."""
    kind = obj.get("kind")
    return KIND_ORDER.index(kind) if kind in KIND_ORDER else len(KIND_ORDER)


def order(tasks: Sequence[Task]) -> list[Task]:
    """Return tasks sorted by phase, wave, kind and name; a Namespace or CRD moves before its first user."""

    def key(task: Task) -> tuple[int, int, int, str]:
        name = str((task.obj.get("metadata") or {}).get("name", ""))
        return hooks.PHASES.index(task.phase), task.wave, kind_rank(task.obj), name

    out = _provide(sorted(tasks, key=key), _namespace_of, _namespace_used)
    return _provide(out, crd_kind, _kind_used)


def _provide(
    tasks: list[Task], provides: Callable[[Manifest], str | None], uses: Callable[[Manifest], str | None]
) -> list[Task]:
    """Move providers before their first user, whose phase and wave they take over. Source: adjustDeps."""
    out: list[Task] = []
    for task in tasks:
        given = provides(task.target) if task.target else None
        first = next((i for i, other in enumerate(out) if given and _user(other, provides, uses) == given), None)
        if first is None:
            out.append(task)
        else:
            out.insert(first, replace(task, phase=out[first].phase, wave=out[first].wave))
    return out


def _user(task: Task, provides: Callable[[Manifest], str | None], uses: Callable[[Manifest], str | None]) -> str | None:
    return None if task.target is None or provides(task.target) else uses(task.target)


def _namespace_of(obj: Manifest) -> str | None:
    return str(obj["metadata"]["name"]) if is_namespace(obj) else None


def _namespace_used(obj: Manifest) -> str | None:
    return obj["metadata"].get("namespace") or None


def _kind_used(obj: Manifest) -> str | None:
    return f"{split_api_version(str(obj.get('apiVersion', '')))[0]}/{obj.get('kind')}"


def is_namespace(obj: Manifest | None, name: str | None = None) -> bool:
    """Return whether it is a core Namespace (with this name)."""
    if obj is None or obj.get("kind") != "Namespace" or "/" in str(obj.get("apiVersion", "")):
        return False
    return name is None or obj["metadata"].get("name") == name


def is_crd(obj: Manifest | None) -> bool:
    """Return whether it is a CustomResourceDefinition."""
    group = split_api_version(str((obj or {}).get("apiVersion", "")))[0]
    return group == "apiextensions.k8s.io" and (obj or {}).get("kind") == "CustomResourceDefinition"


def crd_kind(obj: Manifest) -> str | None:
    """Return "group/Kind" that a CRD defines, None for other objects."""
    if not is_crd(obj):
        return None
    spec = obj.get("spec") or {}
    kind = (spec.get("names") or {}).get("kind")
    return f"{spec['group']}/{kind}" if spec.get("group") and kind else None


def hook_tasks(obj: Manifest, live: Manifest | None) -> Iterator[Task]:
    """Yield a task per phase of a hook."""
    for phase in hooks.phases(obj):
        yield make(phase, obj, live)


def groups(tasks: Sequence[Task]) -> list[list[Task]]:
    """Return the tasks cut into steps: one phase and wave each, in order."""
    steps: list[list[Task]] = []
    for task in tasks:
        if steps and (steps[-1][0].phase, steps[-1][0].wave) == (task.phase, task.wave):
            steps[-1].append(task)
        else:
            steps.append([task])
    return steps


def place_prunes(tasks: Sequence[Task], last: bool) -> list[Task]:
    """Return the tasks with the waves of prunes mirrored among themselves: what came last goes first.

    With `last`, or where the object says PruneLast=true, a prune waits until every wave of the phase Sync is done.
    """
    waves = sorted({task.wave for task in tasks if task.prune})
    mirror = dict(zip(waves, reversed(waves), strict=True))
    placed = [replace(task, wave=mirror[task.wave]) if task.prune else task for task in tasks]
    final = max([0, *(task.wave for task in placed if task.phase == "Sync")]) + 1
    return [
        replace(task, wave=final) if task.prune and (last or hooks.has_option(task.live, "PruneLast=true")) else task
        for task in placed
    ]


def prune_refusal(obj: Manifest, prune: bool) -> str:
    """Return why an object is not pruned, empty when it is. `prune`: the operation prunes. Source: pruneObject."""
    if not prune:
        return "ignored (requires pruning)"
    return "ignored (no prune)" if hooks.has_option(obj, "Prune=false") else ""


def out_of_sync_only(tasks: Sequence[Task], modified: Callable[[Task], bool | None]) -> list[Task]:
    """Return the tasks left by ApplyOutOfSyncOnly: all but those with both sides that are known not to differ.

    `modified` is None where nothing was compared.
    """
    return [
        task for task in tasks if task.hook or task.target is None or task.live is None or modified(task) is not False
    ]


def waiting_message(tasks: Sequence[Task], deleting: bool = False) -> str:
    """Return what an operation says while it waits for these tasks. Source: setRunningPhase."""
    if not tasks:
        return ""
    found = [task for task in tasks if task.hook]
    reason = "completion of hook" if found else "healthy state of"
    if deleting:
        reason = "deletion of hook" if found else "deletion of"
    obj = (found or list(tasks))[0].obj
    group = split_api_version(str(obj.get("apiVersion", "")))[0]
    text = f"waiting for {reason} {group}/{obj.get('kind')}/{obj['metadata'].get('name', '')}"
    what = "hooks" if len(found) == len(tasks) else "resources"
    return f"{text} and {len(tasks) - 1} more {what}" if len(tasks) > 1 else text

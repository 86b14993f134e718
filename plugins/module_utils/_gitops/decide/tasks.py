# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a sync does, in which order: phases, waves, kinds, names.

Source: argo-cd v3.6 gitops-engine/pkg/sync (sync_tasks.go, syncwaves/waves.go, hook/hook.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..._core.types import Manifest

PHASES = ("PreSync", "Sync", "PostSync", "SyncFail")
_HOOK = "argocd.argoproj.io/hook"
_POLICY = "argocd.argoproj.io/hook-delete-policy"
_WAVE = "argocd.argoproj.io/sync-wave"
_OPTIONS = "argocd.argoproj.io/sync-options"
_HELM_HOOK = "helm.sh/hook"
_HELM = {"pre-install": "PreSync", "pre-upgrade": "PreSync", "post-install": "PostSync", "post-upgrade": "PostSync"}
_POLICIES = ("BeforeHookCreation", "HookSucceeded", "HookFailed")
KIND_ORDER = (
    "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy", "PodDisruptionBudget",
    "ServiceAccount", "Secret", "SecretList", "ConfigMap", "StorageClass", "PersistentVolume", "PersistentVolumeClaim",
    "CustomResourceDefinition", "ClusterRole", "ClusterRoleList", "ClusterRoleBinding", "ClusterRoleBindingList", "Role",
    "RoleList", "RoleBinding", "RoleBindingList", "Service", "DaemonSet", "Pod", "ReplicationController", "ReplicaSet",
    "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass", "Ingress", "APIService",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do. `live` is None for what does not exist, `target` for what is to be pruned."""

    phase: str
    wave: int
    target: Manifest | None
    live: Manifest | None
    hook: bool = False

    @property
    def obj(self) -> Manifest:
        obj = self.target or self.live
        if obj is None:
            raise AssertionError
        return obj

    @property
    def prune(self) -> bool:
        return self.target is None


def annotation(obj: Manifest, name: str) -> str:
    return str(((obj.get("metadata") or {}).get("annotations") or {}).get(name, ""))


def words(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def is_hook(obj: Manifest) -> bool:
    """True for Argo hooks (Skip alone is none) and for Helm hooks except crd-install."""
    given = words(annotation(obj, _HOOK))
    if given:
        return given != ["Skip"]
    helm = words(annotation(obj, _HELM_HOOK))
    return bool(helm) and helm != ["crd-install"]


def is_skipped(obj: Manifest) -> bool:
    return words(annotation(obj, _HOOK)) == ["Skip"]


def hook_phases(obj: Manifest) -> list[str]:
    """Return the phases of a hook; Helm hooks count where no Argo hook is given."""
    given = words(annotation(obj, _HOOK))
    if any(phase in PHASES for phase in given):
        return [phase for phase in PHASES if phase in given]
    helm = {_HELM[word] for word in words(annotation(obj, _HELM_HOOK)) if word in _HELM}
    return [phase for phase in PHASES if phase in helm]


def delete_policies(obj: Manifest) -> list[str]:
    """Return the hook's policies; BeforeHookCreation when no valid one is given."""
    given = [word for word in words(annotation(obj, _POLICY)) if word in _POLICIES]
    return given or ["BeforeHookCreation"]


def wave(obj: Manifest) -> int:
    """Return the wave: the annotation, else Helm's hook weight, else 0; what is no integer is 0."""
    for name in (_WAVE, "helm.sh/hook-weight"):
        text = annotation(obj, name)
        if text:
            try:
                return int(text)
            except ValueError:
                return 0
    return 0


def option(obj: Manifest, name: str) -> str:
    """Return an option of the object's own sync-options annotation."""
    pairs = dict(word.partition("=")[::2] for word in words(annotation(obj, _OPTIONS)))
    return pairs.get(name, "")


def kind_rank(obj: Manifest) -> int:
    kind = obj["kind"]
    return KIND_ORDER.index(kind) if kind in KIND_ORDER else len(KIND_ORDER)


def order(tasks: Sequence[Task]) -> list[Task]:
    """Return tasks sorted by phase, wave, kind and name; a Namespace or CRD moves before its first user."""

    def key(task: Task) -> tuple[int, int, int, str]:
        return PHASES.index(task.phase), task.wave, kind_rank(task.obj), task.obj["metadata"]["name"]

    return _dependencies(sorted(tasks, key=key))


def _dependencies(tasks: list[Task]) -> list[Task]:
    """Source: adjustDeps: the provider inherits phase and wave of its first user."""
    out = list(tasks)
    for provider in tasks:
        if provider.prune or provider.obj["kind"] not in ("Namespace", "CustomResourceDefinition"):
            continue
        first = next(
            (task for task in out if task is not provider and not task.prune and _uses(task.obj, provider.obj)), None
        )
        if first is None or out.index(first) > out.index(provider):
            continue
        moved = Task(first.phase, first.wave, provider.target, provider.live, provider.hook)
        out.remove(provider)
        out.insert(out.index(first), moved)
    return out


def _uses(obj: Manifest, provider: Manifest) -> bool:
    if provider["kind"] == "Namespace":
        return bool(obj["metadata"].get("namespace") == provider["metadata"]["name"])
    spec = provider.get("spec") or {}
    group = obj["apiVersion"].rpartition("/")[0]
    return bool(group == spec.get("group") and obj["kind"] == (spec.get("names") or {}).get("kind"))


def hook_tasks(obj: Manifest, live: Manifest | None) -> Iterator[Task]:
    """Yield a task per phase of a hook."""
    for phase in hook_phases(obj):
        yield Task(phase, wave(obj), obj, live, hook=True)


def groups(tasks: Sequence[Task]) -> list[list[Task]]:
    """Return the tasks cut into steps: one phase and wave each, in order."""
    steps: list[list[Task]] = []
    for task in tasks:
        if steps and (steps[-1][0].phase, steps[-1][0].wave) == (task.phase, task.wave):
            steps[-1].append(task)
        else:
            steps.append([task])
    return steps


def prune_wave(tasks: Sequence[Task], last: bool) -> Mapping[int, int]:
    """Return the wave that a prune task of each wave gets: mirrored among themselves, or all behind the last wave."""
    waves = sorted({task.wave for task in tasks if task.prune})
    if last:
        highest = max((task.wave for task in tasks if task.phase == "Sync" and not task.prune), default=0)
        return dict.fromkeys(waves, max(highest, 0) + 1)
    return dict(zip(waves, reversed(waves), strict=True))

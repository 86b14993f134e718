# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows about hooks, waves, tasks and how objects are written: Argo CD's sync engine, one rule at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._gitops.decide import hooks, tasks, writing
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.decide.tasks import Task
from tests.conformance.adapters.argocd import assertions
from tests.conformance.registry import Row, Skip, adapter

SYNC = "gitops-engine/pkg/sync"


def task(given: Mapping[str, Any]) -> Task:
    """Return the task that a row describes."""
    phase = given.get("phase") or "Sync"
    return tasks.make(phase, given.get("targetObj"), given.get("liveObj"), given.get("operationState", ""))


def every(given: Sequence[Mapping[str, Any]] | None) -> list[Task]:
    return [task(one) for one in given or []]


def known(found: str | None, text: str) -> tuple[str, bool]:
    return found or text, found is not None


def ends(policy: str) -> Any:
    return lambda given: tasks.delete_after(task(given), policy)


def ends_in_any_way(given: Mapping[str, Any]) -> bool:
    return any(tasks.delete_after(task(given), policy) for policy in ("HookSucceeded", "HookFailed"))


def targets(given: Mapping[str, Any]) -> list[Any]:
    """Return the target objects of a sync context: hooks and resources."""
    found = list(given.get("hooks") or [])
    resources = given.get("resources") or {}
    values = [one["value"] for one in resources["$map"]] if "$map" in resources else list(resources.values())
    return [*found, *(one.get("Target") for one in values if one.get("Target"))]


def has_crd(given: Mapping[str, Any], group: str, kind: str) -> bool:
    return writing.defines(targets(given), group, kind)


def first(given: Sequence[Mapping[str, Any]] | None, name: str) -> Any:
    found = every(given)
    return getattr(found[0], name) if found else {"phase": "", "wave": 0}[name]


def last(given: Sequence[Mapping[str, Any]] | None, name: str) -> Any:
    found = every(given)
    return getattr(found[-1], name) if found else {"phase": "", "wave": 0}[name]


CALLS = {
    "common.NewHookType": lambda text: known(hooks.hook_type(text), text),
    "common.NewHookDeletePolicy": lambda text: known(hooks.delete_policy(text), text),
    "hook.DeletePolicies": hooks.delete_policies,
    "helm.DeletePolicies": hooks.helm_policies,
    "helm.DeletePolicy.DeletePolicy": lambda text: hooks.HELM_POLICIES.get(text, ""),
    "helm.IsHook": hooks.is_helm_hook,
    "helm.Types": hooks.helm_types,
    "helm.Type.HookType": lambda text: hooks.HELM_TYPES.get(text, ""),
    "helm.Weight": hooks.helm_weight,
    "hook.IsHook": hooks.is_hook,
    "hook.Skip": hooks.is_skipped,
    "hook.Types": hooks.hook_types,
    "sync.syncPhases": hooks.phases,
    "syncwaves.Wave": hooks.wave,
    "sync.syncTask.wave": lambda given: task(given).wave,
    "sync.syncTask.hasHookDeletePolicy": lambda given, policy: tasks.has_delete_policy(task(given), policy),
    "sync.syncTask.deleteOnPhaseCompletion": ends_in_any_way,
    "sync.syncTask.deleteOnPhaseSuccessful": ends("HookSucceeded"),
    "sync.syncTask.deleteOnPhaseFailed": ends("HookFailed"),
    "sync.syncTask.deleteBeforeCreation": lambda given: tasks.delete_before_creation(task(given)),
    "sync.syncTasks.phase": lambda given: first(given, "phase"),
    "sync.syncTasks.wave": lambda given: first(given, "wave"),
    "sync.syncTasks.lastPhase": lambda given: last(given, "phase"),
    "sync.syncTasks.lastWave": lambda given: last(given, "wave"),
    "sync.syncTasks.multiStep": lambda given: tasks.multi_step(every(given)),
    "sync.syncContext.hasCRDOfGroupKind": has_crd,
}


@adapter("argocd", f"{SYNC}/common/types_test.go", "TestNewHookType", "TestNewHookDeletePolicy")
@adapter("argocd", f"{SYNC}/hook/delete_policy_test.go", "TestDeletePolicies")
@adapter("argocd", f"{SYNC}/hook/helm/delete_policy_test.go", "TestDeletePolicies", "TestDeletePolicy_DeletePolicy")
@adapter("argocd", f"{SYNC}/hook/helm/hook_test.go", "TestIsHook")
@adapter("argocd", f"{SYNC}/hook/helm/type_test.go", "TestTypes", "TestType_HookType")
@adapter("argocd", f"{SYNC}/hook/helm/weight_test.go", "TestWeight")
@adapter(
    "argocd", f"{SYNC}/hook/hook_test.go", "TestNoHooks", "TestSkipHook", "TestGarbageHook", "TestTwoHooks",
    "TestDupHookTypes", "TestSkipAndHook", "TestGarbageAndHook", "TestHelmHook", "TestGarbageHelmHook", "TestBothHooks",
)  # fmt: skip
@adapter(
    "argocd", f"{SYNC}/sync_phase_test.go", "TestSyncPhaseNone", "TestSyncPhasePreSync", "TestSyncPhaseSync",
    "TestSyncPhaseSkip", "TestSyncPhaseGarbage", "TestSyncPhasePost", "TestSyncPhaseFail", "TestSyncPhaseTwoPhases",
    "TestSyncDuplicatedPhases",
)  # fmt: skip
@adapter(
    "argocd", f"{SYNC}/sync_task_test.go", "Test_syncTask_hasHookDeletePolicy", "Test_syncTask_deleteOnPhaseCompletion",
    "Test_syncTask_deleteBeforeCreation", "Test_syncTask_wave",
)  # fmt: skip
@adapter("argocd", f"{SYNC}/sync_tasks_test.go", "Test_syncTasks_multiStep")
@adapter("argocd", f"{SYNC}/syncwaves/waves_test.go", "TestWave")
@adapter("argocd", f"{SYNC}/sync_context_test.go", "Test_syncContext_hasCRDOfGroupKind")
def single(row: Row) -> None:
    assertions.run(row, CALLS, error_at=-1)


@adapter("argocd", f"{SYNC}/sync_tasks_test.go", "TestSyncTasksSort_NamespaceAndObjectInNamespace")
def sorted_before(_row: Row) -> None:
    raise Skip("the row is a task after its tasks were sorted; the others and the new wave are not in it")


@adapter("argocd", f"{SYNC}/sync_task_test.go", "Test_syncTask_hookType")
def type_of_task(row: Row) -> None:
    assert tasks.hook_type(task(row.value("fields", {}))) == row.value("want", "")


@adapter("argocd", f"{SYNC}/resource/annotations_test.go", "TestHasAnnotationOption")
def has_option(row: Row) -> None:
    given = row.value("args")
    assert hooks.words(hooks.annotation(given["obj"], given["key"])) == (row.value("wantVals") or [])
    assert hooks.has_option(given["obj"], given["val"], given["key"]) is row.value("want")


@adapter("argocd", f"{SYNC}/resource/annotations_test.go", "TestGetAnnotationOptionValue")
def option_value(row: Row) -> None:
    given = row.value("args")
    assert hooks.option(given["obj"], given["val"], given["key"]) == row.value("want")


CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "argoproj.io"},
    "spec": {"group": "argoproj.io", "names": {"kind": "TestCrd"}},
}


@adapter("argocd", f"{SYNC}/sync_context_test.go", "TestSyncCustomResources")
def missing_kind(row: Row) -> None:
    given = row.value("fields", {})
    notes = {hooks.SYNC_OPTIONS: "SkipDryRunOnMissingResource=true"} if given.get("skipDryRunAnnotationPresent") else {}
    resource = {"apiVersion": "argoproj.io/v1", "kind": "TestCrd", "metadata": {"name": "x", "annotations": notes}}
    others = [CRD] if given.get("crdInSameSync") else []
    skip = bool(given.get("skipDryRunAnnotationPresentForAllResources"))
    served = bool(given.get("crdAlreadyPresent"))
    passes = not served and writing.may_miss_kind(resource, [resource, *others], skip)
    assert (not passes) is row.value("wantDryRun")
    assert (served or passes) is row.value("wantSuccess")


@adapter("argocd", f"{SYNC}/sync_context_test.go", "TestServerResourcesRetry")
def discovery(_row: Row) -> None:
    raise Skip("how often upstream's client asks a failing API for its kinds")


def pod(notes: str = "") -> dict[str, Any]:
    meta = {"name": "my-pod", "annotations": {hooks.SYNC_OPTIONS: notes}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta}


@adapter("argocd", f"{SYNC}/sync_context_test.go", "TestSyncOptionValidate")
def validate(row: Row) -> None:
    found = writing.plan(pod(row.value("annotationVal")), pod(), writing.Settings())
    assert found.validate is row.value("want")


@adapter("argocd", f"{SYNC}/sync_context_test.go", "TestSync_Replace", "TestSync_ServerSideApply", "TestSync_Force")
def written(row: Row) -> None:
    settings = writing.Settings(server_side=False, manager=row.value("manager", "") or "")
    found = writing.plan(row.value("target"), row.value("live"), settings)
    assert found.command == row.value("commandUsed")
    for field, answer in (("serverSideApply", found.server_side), ("force", found.force), ("manager", found.manager)):
        if field in row.fields:
            assert answer == row.value(field), f"{field}: {answer}"


NAMED = {"withServerSideApplyAnnotation": "ServerSideApply=true", "withDisableServerSideApplyAnnotation": "ServerSideApply=false",
         "withDisableServerSideApplyAnnotations": "ServerSideApply=false"}  # fmt: skip


@adapter("argocd", f"{SYNC}/sync_context_test.go", "TestSyncContext_ServerSideApplyWithDryRun")
def server_side(row: Row) -> None:
    name = str((row.value("objToUse") or {}).get("$func", "")).rpartition(".")[2]
    settings = writing.Settings(dry_run=row.value("scDryRun"))
    found = writing.uses_server_side(pod(NAMED.get(name, "")), settings, dry_run=row.value("dryRun"))
    assert found is row.value("expectedSSA")


@adapter("argocd", f"{SYNC}/sync_context_test.go", "Test_syncContext_liveObj")
def live_object(_row: Row) -> None:
    raise Skip("a look-up in upstream's own index of resources")


@adapter("argocd", f"{SYNC}/sync_context_test.go", "Test_setRunningPhase")
def waiting(row: Row) -> None:
    found = tasks.waiting_message(every(row.value("tasks")), row.value("isPendingDeletion"))
    assert found == row.value("expectedMessage"), found


@adapter("argocd", f"{SYNC}/sync_context_test.go", "TestNeedsClientSideApplyMigration")
def migration(row: Row) -> None:
    assert writing.needs_migration(row.value("liveObj")) is row.value("expected")


@adapter("argocd", f"{SYNC}/sync_context_test.go", "TestSyncContext_GetDeleteOptions_Default")
def propagation(row: Row) -> None:
    assertions.run(
        row, {"sync.syncContext.getDeleteOptions": lambda _context: {"PropagationPolicy": writing.PROPAGATION}}
    )


HOOKS = "controller/hook_test.go"


def noted(notes: Mapping[str, str] | None) -> dict[str, Any]:
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "x", "annotations": notes}}


@adapter("argocd", HOOKS, "TestIsHookOfType", "TestMultiHookOfType")
def hook_of_type(row: Row) -> None:
    given = row.value("hookType")
    for kind in [given] if isinstance(given, str) else given:
        assert hooks.is_delete_hook(noted(row.value("annot")), kind) is row.value("expected")


@adapter("argocd", HOOKS, "TestIsHook")
def any_hook(row: Row) -> None:
    assert hooks.is_any_hook(noted(row.value("annot"))) is row.value("expected")


@adapter("argocd", HOOKS, "TestIsPreDeleteHook")
def pre_delete(row: Row) -> None:
    assert hooks.is_delete_hook(noted(row.value("annot")), "PreDelete") is row.value("expected")


@adapter("argocd", HOOKS, "TestIsPostDeleteHook")
def post_delete(row: Row) -> None:
    assert hooks.is_delete_hook(noted(row.value("annot")), "PostDelete") is row.value("expected")


@adapter("argocd", HOOKS, "TestExecuteHooksAlreadyExistsLogic")
def created_once(row: Row) -> None:
    live = [noted(row.value("liveAnnot"))] if row.value("liveAnnot") is not None else []
    for kind in row.value("hookType"):
        found = hooks.missing_delete_hooks([noted(row.value("targetAnnot"))], live, kind)
        assert bool(found) is row.value("expectCreated")


@adapter("argocd", "controller/sort_delete_test.go", "TestFilterObjectsForDeletion")
def deletion_order(row: Row) -> None:
    objs = [noted({"argocd.argoproj.io/sync-wave": wave}) for wave in row.value("input")]
    found = hooks.next_to_delete(objs)
    assert [hooks.annotation(obj, "argocd.argoproj.io/sync-wave") for obj in found] == row.value("want")

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows about what Argo CD's controller decides, and about the health of applications and objects."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import yaml

from ansible_collections.slipway.gitops.plugins.module_utils._core import duration
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import load_all
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.decide import auto, hooks, objects, writing
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.health.application import (
    Member,
    application_health,
    caused_by,
    kept_message,
)
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.health.assess import health
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.health.builtin import builtin
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.health.custom import custom
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.health.status import Health
from tests.conformance.adapters.argocd import assertions
from tests.conformance.registry import Case, Row, Skip, adapter, scenario

APP, STATE, HEALTH = "controller/appcontroller_test.go", "controller/state_test.go", "controller/health_test.go"


def instant(text: str | None) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None


def now(row: Row) -> float:
    return datetime.fromisoformat(row.now).timestamp()


def seconds(text: str | None) -> float:
    return duration.parse_go(text) if text else 0.0


@adapter("argocd", APP, "TestComparisonExpiry")
def expiry(row: Row) -> None:
    def call(status: Mapping[str, Any], soft: str, hard: str) -> tuple[bool, bool]:
        return auto.expiry(instant(status.get("reconciledAt")), now(row), seconds(soft), seconds(hard))

    assertions.run(row, {"controller.comparisonExpiry": call}, error_at=-1)


@adapter("argocd", APP, "TestAlreadyAttemptSync")
def attempted(row: Row) -> None:
    def call(app: Mapping[str, Any], desired: Sequence[str] | None, changes: bool) -> tuple[bool, Sequence[str], str]:
        found = auto.already_attempted(dict(app), desired or [], changes)
        return found.same, found.revisions, found.phase

    assertions.run(row, {"controller.alreadyAttemptedSync": call}, error_at=-1)


@adapter("argocd", APP, "TestSelfHealRemainingBackoff")
def self_heal(row: Row) -> None:
    test_bed = auto.Backoff(2, 3, 120)
    found = auto.self_heal_wait(row.value("attempts"), instant(row.value("finishedAt")), now(row), test_bed)
    assert abs(max(found, 0) - seconds(row.value("expectedDuration"))) < 1, found
    assert (found <= 0) is row.value("shouldSelfHeal")


@adapter("argocd", APP, "TestProcessRequestedAppOperation_SyncTimeout")
def sync_timeout(row: Row) -> None:
    running, timeout = seconds(row.value("startedSince")), seconds(row.value("syncTimeout"))
    found = auto.end_of_operation(row.value("currentPhase"), running, timeout, row.value("retryAttempt"))
    # The test bed has nothing to sync: an operation that goes on ends at once.
    assert (found or ("Succeeded", "successfully synced (no more tasks)")) == (
        row.value("expectedPhase"),
        row.value("expectedMessage"),
    )


@adapter("argocd", APP, "TestShouldProcessOperation")
def operation(row: Row) -> None:
    app = {"metadata": {"deletionTimestamp": row.value("deletionTimestamp")}, "operation": row.value("operation")}
    assert auto.has_operation(app) is row.value("expected")


@adapter("argocd", APP, "TestToAppKey")
def app_key(row: Row) -> None:
    assert auto.qualified(row.value("input"), "fake-argocd-ns") == row.value("expected")


@adapter("argocd", APP, "Test_canProcessAppSkipReconcileAnnotation")
def skip_reconcile(row: Row) -> None:
    assert auto.is_reconciled(row.value("input")) is row.value("expected")


@adapter("argocd", APP, "TestUpdateHealthStatus")
def app_health(row: Row) -> None:
    match = re.search(
        r'hs\.status = "(\w+)"\s*hs\.message = "(.*)"', " ".join((row.value("configMapData") or {}).values())
    )
    if not match:
        raise Skip("the check of the test bed is no plain answer")
    live = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "demo", "namespace": "default"}}
    found = application_health([Member(live, live, Health(match[1], match[2]))])
    before = Health(row.value("app")["status"]["health"]["status"], row.value("initialMessage"))
    assert found.status == row.value("expectedStatus")
    message = kept_message(before, found, row.value("persistResourceHealth"))
    assert message == row.value("expectedMessage"), message


@adapter("argocd", APP, "TestUpdateHealthStatusProgression")
def health_progression(_row: Row) -> None:
    raise Skip("the changing checks of the test bed are not in the row")


@adapter("argocd", APP, "TestHelmValuesObjectHasReplaceStrategy", "TestAppStatusIsReplaced")
def status_patch(_row: Row) -> None:
    raise Skip("merge tags of upstream's Go types; our state is written as a whole")


@adapter("argocd", HEALTH, "TestSetApplicationHealth_NoResource")
def no_resources(row: Row) -> None:
    def call(*_given: Any) -> tuple[str, str]:
        found = application_health([])
        return found.status, found.message

    assertions.run(row, {"controller.setApplicationHealth": call}, error_at=2)


def as_object(given: Mapping[str, Any]) -> dict[str, Any]:
    api = f"{given['Group']}/v1" if given.get("Group") else "v1"
    meta = {"name": given.get("Name", ""), "namespace": given.get("Namespace", "")}
    return {"apiVersion": api, "kind": given.get("Kind", ""), "metadata": meta}


@adapter("argocd", HEALTH, "TestFormatHealthCauses")
def causes(row: Row) -> None:
    calls = {"controller.formatHealthCauses": lambda given: caused_by([as_object(one) for one in given or []])}
    assertions.run(row, calls)


@adapter("argocd", STATE, "TestCompareAppStateSyncHookSyncWave")
def hook_wave(row: Row) -> None:
    notes = {"argocd.argoproj.io/hook": row.value("hookType"), "argocd.argoproj.io/sync-wave": row.value("syncWave")}
    obj = {"metadata": {"annotations": {key: text for key, text in notes.items() if text}}}
    assert hooks.wave(obj) == (row.value("expectedSyncWave") or 0)


@adapter("argocd", STATE, "TestUseDiffCache")
def diff_cache(row: Row) -> None:
    app = row.value("app")
    if not app:
        raise Skip("the application of the row is in a file that is not among the fixtures")
    age, _hard = auto.expiry(
        instant((app.get("status") or {}).get("reconciledAt")), now(row), seconds(row.value("statusRefreshTimeout")), 0
    )
    found = not row.value("noCache") and auto.may_reuse_diff(
        app, row.value("sources"), row.value("manifestRevisions"), rendered=len(row.value("manifestInfos")), expired=age,
        server_side=row.value("serverSideDiff"),
    )  # fmt: skip
    assert found is row.value("expectedUseCache")


@adapter("argocd", STATE, "Test_isObjRequiresDeletionConfirmation")
def confirmation(row: Row) -> None:
    notes = {hooks.SYNC_OPTIONS: ",".join(row.value("resourceSyncOptions") or [])}
    obj = {"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": notes}}
    assert hooks.needs_confirmation(obj, row.value("appSyncOptions") or []) is row.value("expected")


@adapter("argocd", STATE, "Test_EvaluateAppRevisionsChanges")
def revisions(row: Row) -> None:
    app, sources, data = row.value("app"), row.value("sources"), row.value("data") or {}
    paths = list(data.get("updateRevisionForPathsResponses") or [data.get("updateRevisionForPathsResponse") or {}])
    resolved, changed, found = list(data.get("resolveRevisionResponses") or []), False, []
    for index, source in enumerate(sources):
        given = row.value("revisions")
        revision = (given[index] if len(given) >= len(sources) else "") or source.get("targetRevision", "")
        look = auto.revision_check(app, sources, index, revision)
        if look.ask == "paths":
            answer = paths.pop(0) if len(paths) > 1 else paths[0]
            revision, look = answer.get("revision") or revision, auto.Look(changed=bool(answer.get("changes")))
        elif look.ask == "resolve":
            revision = resolved.pop(0)["revision"]
            look = auto.Look(changed=look.synced != revision)
        changed, found = changed or look.changed, [*found, revision]
    assert changed is row.value("expectedHasChanges")
    assert found == row.value("expectedResolvedRevisions")


@adapter("argocd", STATE, "TestComparisonResult_GetHealthStatus", "TestComparisonResult_GetSyncStatus")
def getters(_row: Row) -> None:
    raise Skip("getters of a Go struct")


@adapter(
    "argocd", "controller/sync_test.go", "TestDeriveServiceAccountMatchingNamespaces",
    "TestDeriveServiceAccountMatchingServers",
)  # fmt: skip
def account(row: Row) -> None:
    project, app, cluster = row.fields["args"]
    found, error = "", None
    try:
        found = writing.service_account(project, app, str(cluster.get("server", "")))
    except SlipwayError as raised:
        error = raised
    assertions.compare(row, error if row.fields.get("result_index") == 1 else found)


@adapter("argocd", "controller/sync_namespace_test.go", "Test_shouldNamespaceSync")
def namespace(row: Row) -> None:
    managed = row.value("managedNs")
    found = writing.managed_namespace("ns", row.value("liveNs"), row.value("syncPolicy")) if managed else None
    assert (found is not None) is row.value("expected")
    meta = (found or {}).get("metadata") or {}
    for name in ("labels", "annotations"):
        wanted = row.value(f"expected{name.capitalize()}")
        assert (meta.get(name) or {}) == (wanted or {})


PATHS, KUBE = "util/app/path/path_test.go", "gitops-engine/pkg/utils/kube/kube_test.go"


@adapter("argocd", PATHS, "Test_GetAppRefreshPaths")
def refresh_paths(row: Row) -> None:
    app = {"spec": {}, **row.value("app")}
    assert auto.refresh_paths(app, row.value("source") or {}) == (row.value("expectedPaths") or [])


@adapter("argocd", KUBE, "TestGetResourceImages")
def images(row: Row) -> None:
    obj = yaml.safe_load(row.value("manifest")["$bytes"])
    assert objects.images(obj) == (row.value("expected") or [])


@adapter("argocd", KUBE, "TestIsAPIService")
def api_service(row: Row) -> None:
    assert objects.is_kind(row.value("obj"), "apiregistration.k8s.io", "APIService") is row.value("expected")


@adapter("argocd", KUBE, "TestGetDeploymentReplicas", "TestGetNilDeploymentReplicas", "TestSplitYAML_SingleObject",
         "TestSplitYAML_MultipleObjects", "TestSplitYAML_TrailingNewLines")  # fmt: skip
def helpers(row: Row) -> None:
    calls = {
        "kube.GetDeploymentReplicas": objects.replicas,
        "kube.SplitYAML": lambda given: [document.data for document in load_all(given["$bytes"], "rows")],
    }
    assertions.run(row, calls)


@adapter(
    "argocd", KUBE, "TestCleanKubectlOutput", "TestNewKubeConfig_TLSServerName", "TestNewKubeConfig_ExecProviderConfig"
)
def kubectl(_row: Row) -> None:
    raise Skip("upstream drives kubectl with kubeconfig files; we speak to the API")


@adapter("argocd", "gitops-engine/pkg/health/health_test.go", "TestGetArgoWorkflowHealth")
def workflow(row: Row) -> None:
    def call(given: Mapping[str, Any]) -> dict[str, str]:
        found = health({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", **given})
        return {"status": found.status, "message": found.message} if found else {}

    assertions.run(row, {"health.getArgoWorkflowHealth": call})


class Loader(yaml.SafeLoader):
    """As upstream reads its test data: timestamps stay text, of two equal keys the last one counts."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def first_object(case: Case) -> dict[str, Any]:
    text = (case.path / case.meta["input"]).read_text()
    return next(one for one in yaml.load_all(text, Loader=Loader) if one)


@scenario("argocd/health-builtin")
def builtin_health(case: Case) -> None:
    found, expected = builtin(first_object(case)), case.meta["expected"]
    if "health" in expected:
        assert found is None
        return
    assert found is not None
    assert found.status == expected["status"], found
    assert found.message == expected.get("message", found.message), found


@scenario("argocd/health")
def custom_health(case: Case) -> None:
    expected, found = case.meta["expected"], custom(first_object(case))
    if found is None:
        raise Skip("no check of ours for the kind")
    assert found.status == expected["status"], f"{found} is not {expected}"
    assert found.message == expected.get("message", found.message), f"{found} is not {expected}"

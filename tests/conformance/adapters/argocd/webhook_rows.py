# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of webhooks: which Applications a push is about."""

from __future__ import annotations

import importlib
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._gitops import decide
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.decide import webhooks
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.model import source
from tests.conformance.adapters.argocd import calls
from tests.conformance.registry import Row, Skip, adapter

WEBHOOK = "util/webhook/webhook_test.go"
# The push that upstream's test sends: only the changed file is in the row.
PAGE, BRANCH = "https://github.com/jessesuen/test-repo", "master"


@adapter("argocd", WEBHOOK, "TestAppRevisionHasChanged")
def revision_changed(row: Row) -> None:
    found = webhooks.revision_changed(
        row.fields.get("source") or {}, row.value("revision"), touched_head=row.value("touchedHead")
    )
    assert found is row.value("expectHasChanged")


@adapter("argocd", WEBHOOK, "Test_GetWebURLRegex", "Test_GetAPIURLRegex")
def patterns(row: Row) -> None:
    if row.kind == "assertions":
        functions = {
            "webhook.GetWebURLRegex": lambda url: (webhooks.repository_pattern(url), None),
            "webhook.GetAPIURLRegex": lambda url: (webhooks.api_pattern(url), None),
        }
        calls.run(row, functions)
        return
    web = row.test == "Test_GetWebURLRegex"
    try:
        pattern = webhooks.repository_pattern(row.value("webURL")) if web else webhooks.api_pattern(row.value("apiURL"))
    except Invalid:
        assert not row.value("shouldMatch")
        return
    assert webhooks.concerns(pattern, row.value("repo")) is row.value("shouldMatch")


def refresh_paths(app: Any, one: Any) -> Any:
    try:
        auto = importlib.import_module(f"{decide.__name__}.auto")
    except ImportError as error:
        raise Skip("the paths that a source watches are not decided yet") from error
    return auto.refresh_paths(app, one)


@adapter("argocd", WEBHOOK, "TestHandleEvent")
def handle(row: Row) -> None:
    app = row.fields["app"]
    hydrator = app["spec"].get("sourceHydrator")
    given = [(one, False) for one in source.all_of(app["spec"])]
    given += [(source.dry_source(hydrator), True)] if hydrator is not None else []
    watched = [webhooks.Watched(one, refresh_paths(app, one), dry=dry) for one, dry in given]
    push = webhooks.Push([PAGE], BRANCH, touched_head=True, files=[row.value("changedFile")])
    found = webhooks.refresh(push, watched)
    assert (found.refresh, found.hydrate) == (row.value("hasRefresh"), row.value("hasHydrate"))


@adapter("argocd", WEBHOOK, "Test_storePreviouslyCachedManifests")
def manifests_cache(row: Row) -> None:
    raise Skip("a cache of the repository server")


@adapter("argocd", WEBHOOK, "TestCreateBitbucketClient", "TestFetchDiffStatBitbucketClient", "TestIsHeadTouched")
def bitbucket(row: Row) -> None:
    raise Skip("a client of Bitbucket's API for payloads without a list of files; a change is assumed here")

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""examples/gitlab-push: each event starts what its README says, or says why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._triggers import api

EXAMPLE = Path(__file__).parents[3] / "examples" / "gitlab-push"


def handle(event: str, **changes: Any) -> api.EventResult:
    """Let the example's listener handle one of its events; `changes` replace fields of the body, or of its attributes."""
    documents = yaml.load_path(str(EXAMPLE / "triggers")) + yaml.load_path(str(EXAMPLE / "secret.yaml"))
    given = json.loads((EXAMPLE / "events" / f"{event}.json").read_text())
    given["body"].get("object_attributes", given["body"]).update(changes)
    return api.Listener(documents).handle(api.make(given))


def reasons(result: api.EventResult) -> dict[str, str]:
    return {trigger.name: trigger.reason for trigger in result.triggers}


@pytest.mark.parametrize(("event", "fires"), [("push", "push-to-main"), ("merge-request", "merge-request")])
def test_an_event_starts_one_run_at_its_commit(event: str, fires: str) -> None:
    result = handle(event)
    assert [name for name, reason in reasons(result).items() if reason == "fired"] == [fires]
    params = {param["name"]: param["value"] for param in result.created[0]["spec"]["params"]}
    assert params == {"git-revision": "COMMIT", "git-repo-url": "https://gitlab.example.com/root/hello.git"}
    assert len(result.created) == 1


@pytest.mark.parametrize(
    ("event", "trigger", "changes"),
    [
        ("push", "push-to-main", {"ref": "refs/heads/topic"}),
        ("push", "push-to-main", {"checkout_sha": None}),
        ("merge-request", "merge-request", {"action": "merge"}),
        ("merge-request", "merge-request", {"action": "update"}),
        ("merge-request", "merge-request", {"source_project_id": 99}),
    ],
)
def test_what_the_filters_leave_out_starts_nothing_and_names_the_filter(
    event: str, trigger: str, changes: dict[str, Any]
) -> None:
    result = handle(event, **changes)
    assert result.created == []
    assert reasons(result)[trigger].startswith("expression ")
    assert reasons(result)[trigger].endswith("did not return true")


def test_new_commits_of_a_merge_request_start_a_run() -> None:
    assert reasons(handle("merge-request", action="update", oldrev="c0ffee"))["merge-request"] == "fired"

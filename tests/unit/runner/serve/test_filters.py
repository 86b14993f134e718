# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of a project, what makes a delivery the same, and how many requests one address may send."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from slipway.serve.filters import Filters, branch, changed_files, matches
from slipway.serve.identity import delivery, new_id
from slipway.serve.limits import Limiter, Rate

PUSH: dict[str, Any] = {
    "object_kind": "push",
    "ref": "refs/heads/main",
    "before": "1" * 40,
    "commits": [{"added": ["src/new.py"], "modified": ["docs/a.md"], "removed": ["old.txt"]}],
    "total_commits_count": 1,
}
MERGE = {"object_kind": "merge_request", "object_attributes": {"action": "open", "target_branch": "main"}}


def refused(data: dict[str, Any], event: str = "Push Hook", **patterns: list[str]) -> str:
    return Filters(**patterns).refused({"X-Gitlab-Event": [event]}, json.dumps(data).encode())


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("main", "main", True),
        ("main", "mainly", False),
        ("release/*", "release/1", True),
        ("release/*", "release/1/2", False),
        ("src/**", "src/a/b.py", True),
        ("src/**", "src", False),
        ("**/*.md", "README.md", True),
        ("**/*.md", "docs/a/b.md", True),
        ("*.md", "docs/a.md", False),
        ("v[0-9]?", "v12", True),
        ("v[!0-9]", "v1", False),
        ("a.b", "axb", False),
    ],
)
def test_a_pattern_fits_as_in_git(pattern: str, name: str, fits: bool) -> None:
    assert matches([pattern], name) is fits


def test_the_last_pattern_that_fits_decides() -> None:
    assert matches(["src/**", "!src/docs/**"], "src/docs/a") is False
    assert matches(["!wip/*"], "main") is True


@pytest.mark.parametrize(
    ("patterns", "reason"),
    [
        ({"branches": ["ma*"]}, ""),
        ({"branches": ["release/*"]}, "branch 'main' is not among release/*"),
        ({"paths": ["**/*.py"]}, ""),
        ({"paths": ["old.txt"]}, ""),
        ({"paths": ["charts/**"]}, "none of 3 changed files is among charts/**"),
        ({"events": ["push"]}, ""),
        ({"events": ["Push Hook"]}, ""),
        ({"events": ["merge_request"]}, "event 'Push Hook' is not among merge_request"),
        ({"actions": ["open"]}, ""),
    ],
)
def test_a_push_passes_or_has_its_reason(patterns: dict[str, list[str]], reason: str) -> None:
    assert refused(PUSH, **patterns) == reason


def test_a_request_to_merge_goes_by_its_target_and_action() -> None:
    hook = "Merge Request Hook"
    assert refused(MERGE, hook, branches=["main"], actions=["open"], paths=["charts/**"]) == ""
    assert refused(MERGE, hook, actions=["merge"]) == "action 'open' is not among merge"
    assert branch({"pull_request": {"base": {"ref": "next"}}}) == "next"
    assert branch({"push": {"changes": [{"new": {"name": "dev"}}]}}) == "dev"


@pytest.mark.parametrize(
    "change", [{"commits": []}, {"total_commits_count": 30}, {"before": "0" * 40}, {"commits": "all"}]
)
def test_a_push_that_does_not_list_all_its_files_is_not_judged_by_them(change: dict[str, Any]) -> None:
    assert changed_files({**PUSH, **change}) is None


UUID, GITHUB = "X-Gitlab-Event-Uuid", "X-Github-Delivery"


def key(body: bytes = b"{}", **headers: str) -> bytes:
    return delivery("shop", {name.replace("_", "-"): [value] for name, value in headers.items()}, body).key


def test_only_the_same_ids_and_body_are_the_same_delivery() -> None:
    assert key(**{UUID: "1"}) == key(**{UUID: "1"})
    assert key(**{UUID: "1"}) != key(**{UUID: "2"})
    assert key(**{UUID: "1"}) != key(b"[]", **{UUID: "1"})
    assert key() == b""


def test_a_gitlab_resend_keeps_its_key_but_is_another_delivery() -> None:
    first = {"Idempotency-Key": "1", "X-Gitlab-Webhook-Uuid": "a"}
    assert key(**first) != key(**{**first, "X-Gitlab-Webhook-Uuid": "b"})


def test_a_signed_replay_cannot_change_what_is_not_signed() -> None:
    signed = {"Webhook-Id": "1", "Webhook-Timestamp": "2", "Webhook-Signature": "v1,x", UUID: "a"}
    assert key(**signed) == key(**{**signed, UUID: "b", "Webhook-Signature": "v1,x v1,y"})
    assert key(**signed) != key(**{**signed, "Webhook-Timestamp": "3"})


def test_github_repeats_the_very_same_request() -> None:
    assert delivery("shop", {GITHUB: ["1"]}, b"{}").distinct is False
    assert delivery("shop", {UUID: ["1"]}, b"{}").distinct is True


def test_a_source_has_its_burst_and_then_its_rate() -> None:
    now = [100.0]
    limiter = Limiter(Rate(per_second=2, burst=3), lambda: now[0])
    assert [limiter.wait("10.0.0.1") for _ in range(3)] == [0, 0, 0]
    assert limiter.wait("10.0.0.1") == pytest.approx(0.5)
    assert limiter.wait("10.0.0.2") == 0
    now[0] += 0.5
    assert limiter.wait("10.0.0.1") == 0
    assert limiter.wait("10.0.0.1") > 0


@pytest.mark.parametrize("source", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_loopback_counts_only_when_it_is_asked_for(source: str) -> None:
    free, strict = Limiter(Rate(1, 1)), Limiter(Rate(1, 1, loopback=True))
    assert [free.wait(source), free.wait(source)] == [0, 0]
    assert (strict.wait(source), strict.wait(source) > 0) == (0, True)


def test_an_id_is_a_uuid_that_grows_with_time() -> None:
    first, second = new_id(lambda: 1_700_000_000_000_000_000), new_id(lambda: 1_700_000_000_001_000_000)
    assert first < second
    assert (uuid.UUID(first).version, uuid.UUID(first).variant) == (7, uuid.RFC_4122)
    assert len({new_id(lambda: 0) for _ in range(1000)}) == 1000

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event starts what it should, and a refused one says why."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._triggers import api

EXAMPLE = Path(__file__).parents[3] / "examples" / "hello" / "pipeline"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: gitlab-webhook}\nstringData: {secretToken: the-right-token}\n"
BODY = {"checkout_sha": "c0ffee", "project": {"git_http_url": 'http://git/"x".git'}}


def push(token: str = "the-right-token", kind: str = "Push Hook", body: Any = None) -> api.EventResult:
    listener = api.Listener(yaml.load_path(str(EXAMPLE)) + yaml.load_all(SECRET))
    headers = {"X-Gitlab-Token": token, "X-Gitlab-Event": kind}
    return listener.handle(api.make({"headers": headers, "body": BODY if body is None else body}))


def test_a_push_makes_the_pipeline_run_of_the_template() -> None:
    result = push()
    run = result.created[0]
    assert {param["name"]: param["value"] for param in run["spec"]["params"]} == {
        "git-url": 'http://git/"x".git',
        "git-revision": "c0ffee",
        "image": "registry.example.com/hello",
    }
    assert run["metadata"]["name"].startswith("source-to-image-")
    assert run["metadata"]["labels"]["triggers.tekton.dev/triggers-eventid"] == result.event_id


@pytest.mark.parametrize(
    ("token", "kind", "reason"),
    [
        ("wrong", "Push Hook", "Invalid X-GitLab-Token"),
        ("", "Push Hook", "no X-GitLab-Token header set"),
        ("the-right-token", "Tag Push Hook", "event type Tag Push Hook is not allowed"),
    ],
)  # fmt: skip
def test_a_refused_event_has_its_reason(token: str, kind: str, reason: str) -> None:
    result = push(token, kind)
    assert (result.created, result.triggers[0].fired, result.triggers[0].reason) == ([], False, reason)


def test_a_missing_key_stops_that_trigger_with_its_name() -> None:
    result = push(body={"project": {"git_http_url": "x"}})
    assert "checkout_sha is not found" in result.triggers[0].reason


def test_a_param_that_is_null_in_the_event_fires_with_a_warning_as_a_deleted_branch_does() -> None:
    trigger = push(body={**BODY, "checkout_sha": None}).triggers[0]
    assert (trigger.fired, list(trigger.warnings)) == (
        True,
        ["param git-revision is null: $(body.checkout_sha) is null in the event"],
    )


def test_the_text_null_in_an_event_is_no_null() -> None:
    assert push(body={**BODY, "checkout_sha": "null"}).triggers[0].warnings == ()


def test_a_github_signature_is_checked() -> None:
    text = """
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: {name: el}
spec:
  triggers:
  - name: t
    interceptors: [{github: {secretRef: {secretName: gitlab-webhook, secretKey: secretToken}, eventTypes: [push]}}]
    bindings: [{name: ref, value: "$(body.ref)"}]
    template:
      spec:
        params: [{name: ref}]
        resourcetemplates: [{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {ref: "$(tt.params.ref)"}}]
"""
    listener = api.Listener(yaml.load_all(text) + yaml.load_all(SECRET))
    body = '{"ref":"refs/heads/main"}'
    signature = hmac.new(b"the-right-token", body.encode(), hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={signature}"}
    assert listener.handle(api.make({"headers": headers, "body": body})).created[0]["data"] == {
        "ref": "refs/heads/main"
    }
    headers["X-Hub-Signature-256"] = "sha256=00"
    assert not listener.handle(api.make({"headers": headers, "body": body})).created


def test_several_listeners_need_a_name() -> None:
    documents = yaml.load_all(SECRET)
    with pytest.raises(Invalid, match="0 EventListeners are given"):
        api.Listener(documents)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("data:text/plain,x", "is a data URL of another kind"),
        ("data:application/json;base64,*", "is no packed event"),
        ("data:application/json;base64,eHh4", "is no packed event"),
    ],
)
def test_what_is_no_packed_event_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        api.unpack(text)

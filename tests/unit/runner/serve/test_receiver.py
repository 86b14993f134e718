# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receiver: durable before it answers, each refusal with a reason, each event handled once."""

from __future__ import annotations

import http.client
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slipway.core import Invalid
from slipway.runs.model import RunHandle
from slipway.serve import config as configuration
from slipway.serve import dispatcher
from slipway.serve.api import Receiver
from slipway.serve.store import New

EXAMPLE = Path(__file__).parents[4] / "examples" / "hello" / "pipeline"
TOKEN = "a-token-for-the-hook"
BODY = {"ref": "refs/heads/main", "checkout_sha": "c0ffee", "project": {"git_http_url": "http://git/x.git"}}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The runs that were asked for, instead of runs."""
    calls: list[dict[str, Any]] = []

    def start(playbook: str, variables: dict[str, Any], **options: Any) -> RunHandle:
        calls.append({"playbook": playbook, "variables": variables, **options})
        return RunHandle(f"run-{len(calls)}", Path("/nowhere"))

    monkeypatch.setattr(dispatcher.runs, "start", start)
    return calls


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[dict[str, Any]]) -> Iterator[Receiver]:
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "state"))
    one = Receiver(configuration.load(str(write_config(tmp_path))))
    one.start()
    yield one
    one.stop()


def write_config(tmp_path: Path, extra: str = "") -> Path:
    (tmp_path / "secret.yaml").write_text(
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: gitlab-webhook}}\nstringData: {{secretToken: {TOKEN}}}\n"
    )
    file = tmp_path / "serve.yaml"
    file.write_text(
        f"listen: 127.0.0.1:0\nprojects:\n- name: shop\n  manifests: [{EXAMPLE}, secret.yaml]\n  branches: [main]\n"
        f"  applications: [hello]\n{extra}"
    )
    return file


def post(receiver: Receiver, body: Any = None, token: str = TOKEN, **headers: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=5)
    text = body if isinstance(body, str) else json.dumps(BODY if body is None else body)
    sent = {
        "X-Gitlab-Event": "Push Hook",
        "X-Gitlab-Token": token,
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    connection.request("POST", "/", text, sent)
    answer = connection.getresponse()
    data = json.loads(answer.read())
    connection.close()
    return answer.status, data


def handled(receiver: Receiver, count: int = 1) -> list[Any]:
    """Wait until so many events have an end; return them, newest first."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        events = receiver.store.listed()
        if len(events) >= count and all(event.status != "Accepted" for event in events):
            return events
        time.sleep(0.02)
    raise AssertionError(f"not handled: {receiver.store.listed()}")


def test_a_push_starts_the_deliver_playbook_with_its_pipeline_run(
    receiver: Receiver, started: list[dict[str, Any]]
) -> None:
    status, answer = post(receiver)
    event = handled(receiver)[0]
    assert (status, answer["eventID"], event.status, event.runs) == (202, event.id, "Started", "run-1")
    assert started[0]["playbook"] == "slipway.gitops.deliver"
    assert started[0]["event_id"] == event.id
    assert started[0]["variables"]["deliver_applications"] == ["hello"]
    params = started[0]["variables"]["deliver_pipeline_run"]["spec"]["params"]
    assert {"name": "git-revision", "value": "c0ffee"} in params


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"token": "wrong"}, "Invalid X-GitLab-Token"),
        ({"X_Gitlab_Event": "Tag Push Hook"}, "event type Tag Push Hook is not allowed"),
        ({"body": {**BODY, "ref": "refs/heads/other"}}, "branch 'other' is not among main"),
        ({"body": {"ref": "refs/heads/main"}}, "checkout_sha is not found"),
    ],
)
def test_a_refused_event_is_answered_like_upstream_and_has_its_reason(
    receiver: Receiver, started: list[dict[str, Any]], change: dict[str, Any], reason: str
) -> None:
    status, _answer = post(receiver, **change)
    event = handled(receiver)[0]
    assert (status, event.status, started) == (202, "Refused", [])
    assert reason in event.reason


@pytest.mark.parametrize("body", ["no json", "[1]", ""])
def test_what_is_no_event_is_refused_at_once(receiver: Receiver, body: str) -> None:
    status, answer = post(receiver, body)
    assert (status, receiver.store.listed()) == (400, [])
    assert "Invalid event body" in answer["errorMessage"]


FORM_LISTENER = """
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: {name: chat, annotations: {tekton.dev/payload-validation: "false"}}
spec:
  triggers:
  - interceptors: [{ref: {name: slack}, params: [{name: requestedFields, value: [text]}]}]
    bindings: [{name: text, value: "$(extensions.text[0])"}]
    template:
      spec:
        params: [{name: text}]
        resourcetemplates:
        - apiVersion: tekton.dev/v1
          kind: PipelineRun
          metadata: {generateName: run-}
          spec: {params: [{name: text, value: "$(tt.params.text)"}]}
"""


def test_a_form_is_an_event_where_the_listener_does_not_want_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[dict[str, Any]]
) -> None:
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "chat.yaml").write_text(FORM_LISTENER)
    file = tmp_path / "serve.yaml"
    file.write_text("listen: 127.0.0.1:0\nprojects: [{name: chat, manifests: [chat.yaml]}]\n")
    one = Receiver(configuration.load(str(file)))
    one.start()
    form = {"Content_Type": "application/x-www-form-urlencoded", "X_Slack_Signature": "v0=1"}
    assert post(one, "command=%2Fbuild&text=main+1", **form)[0] == 202
    assert handled(one)[0].status == "Started"
    one.stop()
    params = started[0]["variables"]["deliver_pipeline_run"]["spec"]["params"]
    assert params == [{"name": "text", "value": "main 1"}]


def test_the_same_delivery_twice_runs_once_and_another_one_again(
    receiver: Receiver, started: list[dict[str, Any]]
) -> None:
    for delivery in ("one", "one", "two"):
        post(receiver, X_Gitlab_Event_UUID=delivery)
    handled(receiver, 2)
    assert len(started) == 2


def test_the_token_is_not_kept_once_the_event_is_handled(receiver: Receiver, tmp_path: Path) -> None:
    post(receiver)
    handled(receiver)
    with sqlite3.connect(tmp_path / "state" / "events.sqlite3") as database:
        assert TOKEN not in str(database.execute("SELECT headers FROM events").fetchall())


def test_an_event_that_was_stored_before_a_crash_is_handled_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[dict[str, Any]]
) -> None:
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "state"))
    config = configuration.load(str(write_config(tmp_path)))
    before = Receiver(config)  # stores, but its dispatcher never ran: as if killed after the answer
    headers = {"X-Gitlab-Event": ["Push Hook"], "X-Gitlab-Token": [TOKEN]}
    assert before.store.add(New("event-1", "shop", "/", headers, json.dumps(BODY).encode())) == "event-1"
    before.store.close()
    after = Receiver(config)
    after.start()
    assert handled(after)[0].status == "Started"
    after.stop()
    assert [call["event_id"] for call in started] == ["event-1"]


def test_too_large_a_body_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "state"))
    one = Receiver(configuration.load(str(write_config(tmp_path, "body_limit: 100\n"))))
    one.start()
    assert post(one, {"padding": "x" * 200})[0] == 413
    one.stop()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("listen: here\nprojects: [{name: a, manifests: [x]}]", "listen is no HOST:PORT"),
        ("projects: [{nmae: a, manifests: [x]}]", r"serve\.yaml:1 projects\[0\]\.nmae is not known .did you mean name"),
        ("projects: [{name: a}]", r"projects\[0\]\.manifests is missing"),
        ("projects: [{name: a, manifests: [x], policy: both}]", "policy is 'both'"),
        ("listen: 127.0.0.1:1", "projects are missing"),
    ],
)
def test_a_wrong_configuration_names_its_place(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "serve.yaml"
    file.write_text(text)
    with pytest.raises(Invalid, match=message):
        configuration.load(str(file))

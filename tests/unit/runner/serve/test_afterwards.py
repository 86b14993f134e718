# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stored events afterwards: repeated, replayed, listed, shown; runs that are taken over; states told at the commit."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from slipway import state as places
from slipway.cli import _boundary
from slipway.core import Temporary
from slipway.runs import processes
from slipway.runs.api import journal
from slipway.runs.journal import NewRun
from slipway.runs.model import Policy, Run, RunHandle, Status, Verdict
from slipway.serve import config as configuration
from slipway.serve import dispatcher, store
from slipway.serve.api import Receiver
from slipway.serve.identity import delivery
from slipway.serve.statuses import commit_of
from slipway.serve.store import EventStore, New, Stored

TOKEN, SHA = "a-token-for-the-hook", "c0ffee" + "0" * 34
KEY = b"thirty-two bytes that nobody has"
LISTENER = """
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: {name: pushes}
spec:
  triggers:
  - name: push
    interceptors:
    - ref: {name: gitlab}
      params: [{name: secretRef, value: {secretName: hook, secretKey: token}}]
    bindings: [{name: sha, value: $(body.checkout_sha)}]
    template:
      spec:
        params: [{name: sha}]
        resourcetemplates:
        - apiVersion: tekton.dev/v1
          kind: PipelineRun
          metadata: {generateName: run-}
          spec: {params: [{name: sha, value: $(tt.params.sha)}]}
"""
BODY = json.dumps({"ref": "refs/heads/main", "checkout_sha": SHA, "project": {"id": 7}}).encode()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "state"))
    places.private_dir(tmp_path / "state" / "runs")
    return tmp_path / "state"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Runs that are in the journal, owned by this process, and do nothing."""
    calls: list[str] = []

    def start(_playbook: str, _variables: dict[str, Any], *, event_id: str, **_options: Any) -> RunHandle:
        calls.append(f"run-{len(calls) + 1}")
        owner = processes.identity(os.getpid())
        directory = places.runs_dir() / calls[-1]
        journal().add(NewRun(calls[-1], "shop", "-", Policy.QUEUE, directory, owner, event_id))
        return RunHandle(calls[-1], directory)

    monkeypatch.setattr(dispatcher.runs, "start", start)
    return calls


Begin = Callable[..., Receiver]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Start a receiver for one project; `secret` is its hook's, `more` are lines of the project."""
    receivers: list[Receiver] = []

    def one(secret: str = TOKEN, more: str = "") -> Receiver:
        (tmp_path / "listener.yaml").write_text(LISTENER)
        text = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: hook}}\nstringData: {{token: {secret}}}\n"
        (tmp_path / "secret.yaml").write_text(text)
        file = tmp_path / "serve.yaml"
        file.write_text(
            f"listen: 127.0.0.1:0\nprojects:\n- name: shop\n  manifests: [listener.yaml, secret.yaml]\n{more}"
        )
        receivers.append(Receiver(configuration.load(str(file)), SAID.append))
        receivers[-1].start()
        return receivers[-1]

    SAID.clear()
    yield one
    for receiver in receivers:
        receiver.stop()


SAID: list[str] = []


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def send(receiver: Receiver, headers: dict[str, str] | None = None, body: bytes = BODY) -> Stored:
    """Store an event as the HTTP side does, and wait until it is handled."""
    given = {name: [value] for name, value in (headers or {"X-Gitlab-Token": TOKEN}).items()}
    number = len(receiver.store.listed(1000))
    found = receiver.store.add(New(f"event-{number}", "shop", "/", given, body, delivery("shop", given, body)))
    return handled(receiver, found)


def handled(receiver: Receiver, event_id: str) -> Stored:
    until(lambda: receiver.store.find(event_id).status != "Accepted")
    return receiver.store.find(event_id)


def signed(identity: str, stamp: int) -> dict[str, str]:
    digest = hmac.new(KEY, f"{identity}.{stamp}.".encode() + BODY, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {"Webhook-Id": identity, "Webhook-Timestamp": str(stamp), "Webhook-Signature": signature}


def test_a_signed_hook_runs_once_and_a_resend_runs_again(begin: Begin, started: list[str]) -> None:
    receiver, now = begin(f"whsec_{base64.b64encode(KEY).decode()}"), int(time.time())
    first, again = send(receiver, signed("one", now)), send(receiver, signed("one", now))
    resent = send(receiver, signed("one", now - 1))
    assert (first.id == again.id, first.status, resent.status, len(started)) == (True, "Started", "Started", 2)


def test_a_github_redelivery_is_kept_when_the_first_was_refused_a_while_ago(state: Path) -> None:
    events = EventStore(state / "events.sqlite3")
    headers = {"X-Github-Delivery": ["one"]}
    known = delivery("shop", headers, BODY)
    assert events.add(New("first", "shop", "/", headers, BODY, known)) == "first"
    events.finish(events.find("first"), "Refused", "the trigger was wrong")
    assert events.add(New("second", "shop", "/", headers, BODY, known)) == "first"
    age(state, 20)
    assert events.add(New("third", "shop", "/", headers, BODY, known)) == "third"
    events.finish(events.find("third"), "Started", "fired", "run-1")
    age(state, 20)
    assert events.add(New("fourth", "shop", "/", headers, BODY, known)) == "third"
    age(state, store.REPEAT_SECONDS)
    assert events.add(New("fifth", "shop", "/", headers, BODY, known)) == "fifth"
    events.close()


def age(state: Path, seconds: float) -> None:
    with sqlite3.connect(state / "events.sqlite3") as database:
        database.execute("UPDATE events SET received = received - ?", (seconds,))


def test_a_replay_names_its_event_and_is_checked_by_the_kept_digest(begin: Begin, started: list[str]) -> None:
    receiver = begin()
    first = send(receiver)
    replayed = handled(receiver, receiver.store.replay(first))
    assert (replayed.of, replayed.status, len(started)) == (first.id, "Started", 2)
    assert TOKEN not in str(replayed.headers)


def test_a_replay_of_a_wrong_token_stays_refused(begin: Begin, started: list[str]) -> None:
    receiver = begin()
    first = send(receiver, {"X-Gitlab-Token": "wrong"})
    replayed = handled(receiver, receiver.store.replay(first))
    assert (replayed.status, started) == ("Refused", [])


def test_a_digest_is_no_token_for_who_sends_it(begin: Begin, started: list[str]) -> None:
    receiver = begin()
    kept = send(receiver).headers["X-Gitlab-Token"][0]
    stolen = send(receiver, {"X-Gitlab-Token": kept})
    assert ("Invalid X-GitLab-Token" in stolen.reason, len(started)) == (True, 1)


def test_a_replay_of_a_signed_event_goes_by_the_time_it_came(begin: Begin, started: list[str], state: Path) -> None:
    receiver = begin(f"whsec_{base64.b64encode(KEY).decode()}")
    first = send(receiver, signed("one", int(time.time())))
    with sqlite3.connect(state / "events.sqlite3") as database:
        headers = json.dumps({name: [value] for name, value in signed("one", int(time.time()) - 9000).items()})
        database.execute("UPDATE events SET received = received - 9000, headers = ?", (headers,))
    replayed = handled(receiver, receiver.store.replay(receiver.store.find(first.id)))
    assert (replayed.status, len(started)) == ("Started", 2)


def test_old_events_are_forgotten_unless_they_go_on(state: Path) -> None:
    events = EventStore(state / "events.sqlite3")
    for name in ("ended", "open"):
        events.add(New(name, "shop", "/", {}, BODY))
    events.finish(events.find("ended"), "Refused", "no")
    events.prune(time.time() + 1)
    until(lambda: [event.id for event in events.listed()] == ["open"])
    events.close()


def test_a_database_of_the_first_schema_keeps_its_events(state: Path) -> None:
    with sqlite3.connect(state / "events.sqlite3") as database:
        database.executescript(f"{store.STEPS[0]}; PRAGMA user_version = 1;")
        row = ("old", "d1", "shop", 1.0, "/", "{}", BODY)
        database.execute(
            "INSERT INTO events (id, delivery, project, received, path, headers, body) VALUES (?,?,?,?,?,?,?)", row
        )
    events = EventStore(state / "events.sqlite3")
    assert [(event.id, event.delivery, event.status) for event in events.open()] == [("old", "d1", "Accepted")]
    events.close()


def test_a_run_that_had_begun_is_not_begun_again_after_a_crash(begin: Begin, started: list[str]) -> None:
    before = EventStore(places.state_dir() / "events.sqlite3")
    before.add(New("event-1", "shop", "/", {"X-Gitlab-Token": [TOKEN]}, BODY))
    before.close()
    owner = processes.identity(os.getpid())
    journal().add(NewRun("begun", "shop", "-", Policy.QUEUE, places.runs_dir() / "begun", owner, "event-1"))
    journal().claim("begun")
    journal().finish("begun", Verdict(Status.FAILED, 10))
    receiver = begin()
    assert (handled(receiver, "event-1").runs, started) == ("begun", [])


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = _boundary.call(arguments)
    return code, capsys.readouterr().out


def test_events_are_listed_shown_and_replayed(
    begin: Begin, started: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    receiver = begin()
    event = send(receiver, {"X-Gitlab-Token": TOKEN, "X-Gitlab-Event": "Push Hook"})
    code, text = call(capsys, "events", "list", "--output", "json")
    listed = json.loads(text)[0]
    assert (code, listed["id"], listed["type"], listed["runs"]) == (0, event.id, "Push Hook", ["run-1"])
    shown = json.loads(call(capsys, "events", "show", "last", "-o", "json")[1])
    assert (shown["headers"]["X-Gitlab-Token"], shown["body"]["checkout_sha"]) == (["********"], SHA)
    assert "Push Hook" in call(capsys, "events", "list")[1]
    assert "X-Gitlab-Token: ********" in call(capsys, "events", "show")[1]
    replayed = json.loads(call(capsys, "events", "replay", event.id, "-o", "json")[1])
    assert (replayed["replays"], handled(receiver, replayed["id"]).status) == (event.id, "Started")
    assert call(capsys, "events", "show", "nothing")[0] == 15
    assert json.loads(call(capsys, "events", "list", "--status", "refused", "-o", "json")[1]) == []


class Forge(HTTPServer):
    """Takes commit statuses; the first `broken` calls are answered 502."""

    def __init__(self, broken: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), Taker)
        self.broken = broken
        self.calls: list[tuple[str, str, dict[str, Any]]] = []


class Taker(BaseHTTPRequestHandler):
    server: Forge

    def do_POST(self) -> None:
        data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        token = self.headers["PRIVATE-TOKEN"] or self.headers["Authorization"]
        self.server.broken -= 1
        if self.server.broken < 0:
            self.server.calls.append((self.path, token, data))
        self.send_response(502 if self.server.broken >= 0 else 201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        return


@pytest.fixture
def forge() -> Iterator[Forge]:
    server = Forge(broken=1)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def reporting(tmp_path: Path, provider: str, port: int) -> str:
    (tmp_path / "token").write_text("token-of-the-forge\n")
    return f"  status: {{provider: {provider}, url: 'http://127.0.0.1:{port}', token_file: token}}\n"


def end(run: Run | str, status: Status) -> None:
    journal().claim(str(run))
    journal().finish(str(run), Verdict(status, 0 if status is Status.SUCCEEDED else 10))


def test_gitlab_is_told_what_becomes_of_the_commit(
    begin: Begin, started: list[str], forge: Forge, tmp_path: Path
) -> None:
    receiver = begin(more=reporting(tmp_path, "gitlab", forge.server_port))
    event = send(receiver)
    until(lambda: forge.calls)
    journal().claim("run-1")
    until(lambda: len(forge.calls) == 2)
    end("run-1", Status.SUCCEEDED)
    until(lambda: receiver.store.find(event.id).status == "Succeeded")
    assert [call[2]["state"] for call in forge.calls] == ["pending", "running", "success"]
    path, token, data = forge.calls[-1]
    assert (path, token) == (f"/api/v4/projects/7/statuses/{SHA}", "token-of-the-forge")
    assert (data["name"], data["ref"], data["description"]) == ("slipway/shop", "main", "run-1 succeeded")


def test_github_is_told_a_failure(begin: Begin, started: list[str], forge: Forge, tmp_path: Path) -> None:
    receiver = begin(more=reporting(tmp_path, "github", forge.server_port))
    body = json.dumps({"after": SHA, "ref": "refs/heads/main", "checkout_sha": SHA,
                       "repository": {"full_name": "shop/web"}}).encode()  # fmt: skip
    event = send(receiver, body=body)
    until(lambda: forge.calls)
    end("run-1", Status.FAILED)
    until(lambda: receiver.store.find(event.id).status == "Failed")
    assert [call[2]["state"] for call in forge.calls] == ["pending", "failure"]
    assert forge.calls[-1][:2] == (f"/repos/shop/web/statuses/{SHA}", "Bearer token-of-the-forge")


def test_a_status_that_is_not_taken_is_said_without_the_token(
    begin: Begin, started: list[str], forge: Forge, tmp_path: Path
) -> None:
    forge.broken = 3
    receiver = begin(more=reporting(tmp_path, "gitlab", forge.server_port))
    send(receiver)
    until(lambda: any("was not taken" in text for text in SAID))
    assert "token-of-the-forge" not in "".join(SAID)


@pytest.mark.parametrize(
    ("data", "project"),
    [
        ({"checkout_sha": SHA, "project": {"id": 7}, "ref": "refs/heads/main"}, "7"),
        ({"object_attributes": {"last_commit": {"id": SHA}, "source_branch": "main"}, "project": {"id": 7}}, "7"),
        ({"pull_request": {"head": {"sha": SHA, "ref": "main"}}, "repository": {"full_name": "a/b"}}, "a/b"),
    ],
)
def test_an_event_names_its_commit(data: dict[str, Any], project: str) -> None:
    found = commit_of(json.dumps(data).encode())
    assert found
    assert (found.sha, found.project, found.ref) == (SHA, project, "main")


@pytest.mark.parametrize("data", [[], {}, {"checkout_sha": SHA}, {"after": "0" * 40, "project": {"id": 7}},
                                  {"checkout_sha": "../../x", "project": {"id": 7}},
                                  {"after": SHA, "repository": {"full_name": "../../user"}}])  # fmt: skip
def test_an_event_without_a_commit_reports_nothing(data: Any) -> None:
    assert commit_of(json.dumps(data).encode()) is None


def test_trouble_that_passes_is_waited_for(begin: Begin, started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    good, locked = dispatcher.runs.start, [True, True]

    def start(*arguments: Any, **options: Any) -> RunHandle:
        if locked and locked.pop():
            raise Temporary("another program holds the run journal", retry_after=0.01)
        return good(*arguments, **options)

    monkeypatch.setattr(dispatcher.runs, "start", start)
    assert send(begin()).status == "Started"
    assert (started, locked) == (["run-1"], [])


def test_a_trigger_without_a_run_says_what_it_makes(
    begin: Begin, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "LISTENER", LISTENER.replace("kind: PipelineRun", "kind: CustomRun"))
    assert send(begin()).reason == "the triggers make CustomRun; only PipelineRuns and TaskRuns can be started here"

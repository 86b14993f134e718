# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The EDA source gitlab_webhook as ansible-rulebook runs it: a bare file, in a Python that has nothing else."""

from __future__ import annotations

import http.client
import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.slipway.gitops.plugins.module_utils._triggers import api as triggers

ROOT = Path(__file__).parents[3]
SOURCE = "extensions/eda/plugins/event_source/gitlab_webhook.py"
TOKEN = "a-token-for-the-hook"
PUSH = {"object_kind": "push", "ref": "refs/heads/main", "checkout_sha": "c0ffee", "total_commits_count": 1}
# As ansible_rulebook/engine.py does it: run the file, call main with a queue that has `put` and the arguments.
DRIVER = """
import asyncio, json, logging, runpy, sys

class Queue:
    async def put(self, event):
        print("EVENT " + json.dumps(event), flush=True)

logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(message)s")
module = runpy.run_path(sys.argv[1])
assert asyncio.iscoroutinefunction(module["main"])
before = list(sys.path)
try:
    asyncio.run(module["main"](Queue(), json.loads(sys.stdin.readline())))
finally:
    assert sys.path == before
"""


@dataclass
class Source:
    """A running source; `lines` are what it printed up to now."""

    process: subprocess.Popen[str]
    port: int = 0
    lines: list[str] = field(default_factory=list)

    def until(self, start: str) -> str:
        """Read its output up to the line with this start and return the rest of that line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith(start):
                return line.removeprefix(start).strip()
        raise AssertionError("".join(self.lines))

    def event(self) -> dict[str, Any]:
        """Return the next event on the queue."""
        found: dict[str, Any] = json.loads(self.until("EVENT "))
        return found


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a rulebook needs of the collection, where ansible-galaxy puts it."""
    target = tmp_path_factory.mktemp("collections") / "ansible_collections" / "slipway" / "gitops"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "plugins" / "module_utils", target / "plugins" / "module_utils", ignore=ignored)
    shutil.copytree(ROOT / "extensions" / "eda", target / "extensions" / "eda", ignore=ignored)
    return target


def launch(installed: Path, options: dict[str, Any]) -> Source:
    """Start the source in an isolated Python: no site-packages, no PYTHON* variables, another working directory."""
    command = [sys.executable, "-I", "-S", "-B", "-c", DRIVER, str(installed / SOURCE)]
    process = subprocess.Popen(
        command, cwd="/", env={"PATH": os.defpath}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps(options) + "\n")
    process.stdin.flush()
    return Source(process)


@pytest.fixture
def source(installed: Path, request: pytest.FixtureRequest) -> Iterator[Source]:
    given = {"port": 0, "token": TOKEN, **getattr(request, "param", {})}
    one = launch(installed, given)
    one.port = int(one.until("INFO listening on http://127.0.0.1:").split("/")[0])
    yield one
    one.process.terminate()
    one.process.wait(10)


def post(source: Source, body: Any = PUSH, path: str = "/", method: str = "POST", **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", source.port, timeout=10)
    given = {
        "X-Gitlab-Event": "Push Hook",
        "X-Gitlab-Token": TOKEN,
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    connection.request(method, path, text, {name: value for name, value in given.items() if value})
    answer = connection.getresponse()
    data = json.loads(answer.read())
    connection.close()
    return answer.status, data


def test_a_hook_becomes_an_event_with_payload_and_meta(source: Source) -> None:
    status, answer = post(source, X_Gitlab_Event_UUID="an-uuid")
    event = source.event()
    assert status == 202
    assert event["payload"] == PUSH
    assert event["meta"]["endpoint"] == ""
    assert event["meta"]["event_id"] == answer["eventID"]
    assert event["meta"]["headers"]["X-Gitlab-Event"] == "Push Hook"
    assert event["meta"]["headers"]["X-Gitlab-Event-Uuid"] == "an-uuid"


def test_the_packed_event_has_no_braces_and_is_the_whole_event(source: Source) -> None:
    post(source, body={"message": "{{ 7 * 7 }} é"}, path="/?x=1", Webhook_Signature="v1,abc")
    packed = source.event()["meta"]["packed"]
    assert not set(packed) & set("{}% ")
    event = triggers.make(triggers.unpack(packed))
    assert (event.path, json.loads(event.body)) == ("/?x=1", {"message": "{{ 7 * 7 }} é"})
    assert event.header("X-Gitlab-Event") == "Push Hook"
    assert not {"X-Gitlab-Token", "Webhook-Signature"} & set(event.headers)


def test_nothing_that_proves_the_sender_is_in_the_event_or_in_the_log(source: Source) -> None:
    post(source, Authorization=f"Bearer {TOKEN}", Webhook_Signature=f"v1,{TOKEN}", Cookie=TOKEN)
    post(source, X_Gitlab_Token="wrong-one")
    text = json.dumps(source.event()) + source.until("WARNING ") + "".join(source.lines)
    assert TOKEN not in text
    assert "wrong-one" not in text


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"X_Gitlab_Token": "wrong"}, 401, "Invalid X-GitLab-Token"),
        ({"X_Gitlab_Token": ""}, 401, "no X-GitLab-Token header set"),
        ({"body": "[1]"}, 400, "Invalid event body format"),
        ({"body": "no json"}, 400, "Invalid event body format"),
        ({"path": "/other"}, 404, "events are taken at /"),
        ({"method": "PUT"}, 405, "events are sent by POST"),
        ({"Content_Length": "-1"}, 400, "Content-Length must be one number"),
        ({"Transfer_Encoding": "chunked"}, 411, "Content-Length is needed"),
    ],
)
def test_what_is_no_event_is_answered_with_its_reason_and_not_queued(
    source: Source, change: dict[str, Any], status: int, reason: str
) -> None:
    found, answer = post(source, **change)
    assert found == status
    assert reason in answer["errorMessage"]
    post(source, body={"next": True})
    assert source.event()["payload"] == {"next": True}


@pytest.mark.parametrize("source", [{"event_types": ["Push Hook"], "path": "/gitlab"}], indirect=True)
def test_other_event_types_are_dropped_with_a_good_answer(source: Source) -> None:
    status, answer = post(source, path="/gitlab", X_Gitlab_Event="Note Hook")
    assert (status, answer) == (202, {"accepted": False, "reason": "event type Note Hook is not allowed"})
    post(source, body={"next": True}, path="/gitlab?x=1")
    event = source.event()
    assert (event["payload"], event["meta"]["endpoint"]) == ({"next": True}, "gitlab")


@pytest.mark.parametrize("source", [{"body_limit": 100}], indirect=True)
def test_a_body_over_the_limit_is_refused_before_it_is_read(source: Source) -> None:
    status, answer = post(source, body={"much": "x" * 300000})
    assert (status, answer["errorMessage"]) == (413, "the body may have 100 bytes")


def test_a_new_token_in_the_file_counts_at_once(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    source = launch(installed, {"port": 0, "token_file": str(tmp_path / "token")})
    try:
        source.port = int(source.until("INFO listening on http://127.0.0.1:").split("/")[0])
        before = post(source)[0]
        (tmp_path / "token").write_text("another-token")
        assert (before, post(source)[0], post(source, X_Gitlab_Token="another-token")[0]) == (202, 401, 202)
    finally:
        source.process.terminate()
        source.process.wait(10)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"port": 5000}, "give the secret token of the hook, as token or as token_file"),
        ({"port": 5000, "token": "a", "token_file": "b"}, "give the secret token of the hook"),
        ({"token": TOKEN}, "port is needed"),
        ({"port": "http", "token": TOKEN}, "port must be a number, not 'http'"),
        ({"port": 0, "tokn": TOKEN}, "tokn is not known; did you mean token?"),
        ({"port": 0, "token": TOKEN, "event_types": "Push Hook"}, "event_types must be a list"),
        ({"port": 0, "token_file": "/nowhere/token"}, "No such file or directory: '/nowhere/token'"),
    ],
)
def test_wrong_options_end_the_source_with_what_to_do(installed: Path, options: dict[str, Any], reason: str) -> None:
    output, _ = launch(installed, options).process.communicate(timeout=20)
    assert reason in output.splitlines()[-1]


def test_documentation_schema_and_code_know_the_same_options() -> None:
    module = runpy.run_path(str(ROOT / SOURCE))
    documented = yaml.safe_load(module["DOCUMENTATION"])["options"]
    schema = json.loads((ROOT / SOURCE).with_name("schemas").joinpath("gitlab_webhook.json").read_text())
    known = module["Options"].__dataclass_fields__
    assert set(documented) == set(schema["properties"]) == set(known)
    for name, option in documented.items():
        assert option.get("default") == schema["properties"][name].get("default"), name
        assert bool(option.get("required")) == (name in schema["required"]), name
        coded = known[name].default
        assert option.get("default", "") == (list(coded) if isinstance(coded, tuple) else coded) or name == "port", name


def test_the_rulebook_passes_events_on_as_the_role_takes_them() -> None:
    rulebook = yaml.safe_load((ROOT / "extensions/eda/rulebooks/gitlab_deliver.yml").read_text())[0]
    given = rulebook["rules"][0]["action"]["run_playbook"]["extra_vars"]
    role = yaml.safe_load((ROOT / "roles/deliver/meta/argument_specs.yml").read_text())
    assert set(given) <= set(role["argument_specs"]["main"]["options"])
    schema = json.loads((ROOT / SOURCE).with_name("schemas").joinpath("gitlab_webhook.json").read_text())
    assert set(rulebook["sources"][0]["slipway.gitops.gitlab_webhook"]) <= set(schema["properties"])


def test_a_file_away_from_its_collection_says_so(tmp_path: Path) -> None:
    away = tmp_path / "a" / "b" / "c" / "d"
    away.mkdir(parents=True)
    shutil.copy2(ROOT / SOURCE, away / "gitlab_webhook.py")
    command = [
        sys.executable,
        "-I",
        "-S",
        "-B",
        str(away / "gitlab_webhook.py"),
        json.dumps({"port": 0, "token": TOKEN}),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert "works from its place in the collection only" in done.stderr.splitlines()[-1]

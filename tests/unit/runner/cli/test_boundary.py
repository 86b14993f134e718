# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line: exit codes, one line for people, quick help."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from pathlib import Path

import click
import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import errors
from slipway.cli import _boundary, _options
from slipway.cli._root import COMMANDS
from slipway.exits import MEANING, Exit, for_error, for_reason


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = _boundary.call(arguments)
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("nope",),
        ("run",),
        ("list", "--output", "xml"),
        ("list", "--status", "odd"),
        ("run", "--timeout", "soon"),
        ("-x",),
    ],
)
def test_wrong_usage_exits_15(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    code, _, err = call(capsys, *arguments)
    assert code == 15
    assert "Error" in err


def test_a_near_miss_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean deliver?" in call(capsys, "delver")[2]


def test_a_playbook_that_is_not_there_exits_15_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = call(capsys, "run", "/nowhere/x.yml")
    assert code == 15
    assert err.count("\n") == 1
    assert "there is no file /nowhere/x.yml" in err


def test_an_unknown_run_exits_15(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "show", "nothing")[0] == 15


def test_help_names_every_command_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "--help")
    assert code == 0
    assert [name for name in COMMANDS if name not in out] == []
    assert [code for code, text in MEANING.items() if f"{code.value:<3} {text}" not in out] == []


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from slipway.cli._boundary import call; call(['--help']); "
        "print([name for name in ('rich', 'yaml', 'ansible', 'ansible_runner', 'sqlite3', 'slipway.core') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_bug_is_one_line_and_a_trace_in_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, state: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr("slipway.runs.api.listed", broken)
    code, out, err = call(capsys, "list")
    assert (code, out) == (70, "")
    assert err.startswith("slipway: internal error: RuntimeError: first line (trace: ")
    assert err.count("\n") == 1
    trace = next((state / "crashes").iterdir())
    assert "second line" in trace.read_text()
    assert str(trace) in err


def test_a_state_directory_that_cannot_be_used_exits_70(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "file" / "below"))
    code, _, err = call(capsys, "list")
    assert code == 70
    assert "SLIPWAY_STATE_DIR" in err


def test_no_runs_is_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "list", "--output", "json")
    assert (code, json.loads(out)) == (0, [])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Invalid("f", "m"), 15),
        (errors.Refused("m"), 11),
        (errors.Refused("m", reason="SyncWindow"), 11),
        (errors.Unreachable("m"), 14),
        (errors.TimedOut("m"), 12),
        (errors.Cancelled("m"), 13),
        (errors.Permanent("m"), 10),
        (errors.Temporary("m", reason="Conflict"), 10),
    ],
)
def test_an_error_finds_its_code(error: Exception, code: int) -> None:
    assert for_error(error) == code


def test_an_unknown_reason_is_a_failed_step() -> None:
    assert for_reason("BuildFailed") is Exit.STEP_FAILED


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (["a=1"], {"a": "1"}),
        (["a=1 b=two"], {"a": "1", "b": "two"}),
        (["text=hello big world"], {"text": "hello big world"}),
        (['a="x y" b=2'], {"a": "x y", "b": "2"}),
        (["q=it's"], {"q": "it's"}),
        (['{"a": [1, 2]}'], {"a": [1, 2]}),
        (["a=1", "a=2"], {"a": "2"}),
        (["url=http://x/?a=b"], {"url": "http://x/?a=b"}),
    ],
)
def test_extra_vars_are_read(items: list[str], expected: dict[str, object]) -> None:
    assert _options.read_extra(items) == expected


def test_extra_vars_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "v.yml").write_text("a: 1\nb: [x]\n")
    assert _options.read_extra([f"@{tmp_path}/v.yml", "a=2"]) == {"a": "2", "b": ["x"]}


@pytest.mark.parametrize("item", ["novalue", "@/nowhere", "{broken", "=x"])
def test_wrong_extra_vars_are_wrong_usage(item: str) -> None:
    with pytest.raises(click.BadParameter):
        _options.read_extra([item])


def test_a_syntax_error_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "v.yml").write_text("a: 1\nb: [x\n")
    with pytest.raises(click.BadParameter, match=r"v\.yml:3"):
        _options.read_extra([f"@{tmp_path}/v.yml"])


def test_secrets_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_TEST", "value")
    assert _options.read_secrets(["token=TOKEN_OF_TEST", "TOKEN_OF_TEST"]) == {
        "token": "value",
        "TOKEN_OF_TEST": "value",
    }


def test_a_secret_that_is_not_set_is_wrong_usage() -> None:
    with pytest.raises(click.BadParameter, match="is not set"):
        _options.read_secrets(["token=NOT_SET_IN_ANY_TEST"])


def test_the_documentation_names_every_command_and_exit_code() -> None:
    text = (Path(__file__).parents[4] / "docs" / "cli.md").read_text()
    assert [name for name in COMMANDS if f"`slipway {name}" not in text] == []
    assert [code for code, meaning in MEANING.items() if f"| {code.value} | {meaning} |" not in text] == []


def test_serve_hands_over_to_the_receiver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[tuple[str, str]] = []
    fake = types.ModuleType("slipway.serve")
    fake.api = types.SimpleNamespace(serve=lambda config, *, listen: told.append((config, listen)) or 14)  # type: ignore[attr-defined, func-returns-value]
    monkeypatch.setitem(sys.modules, "slipway.serve", fake)
    (tmp_path / "serve.yaml").write_text("listen: 127.0.0.1:0\n")
    assert call(capsys, "serve", str(tmp_path / "serve.yaml"), "--listen", "127.0.0.1:9")[0] == 14
    assert told == [(str(tmp_path / "serve.yaml"), "127.0.0.1:9")]
    assert call(capsys, "serve", str(tmp_path / "none.yaml"))[0] == 15


def test_the_demo_gets_its_options(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    fake = types.ModuleType("slipway.demo.main")
    fake.run = lambda *, output, out: 10 if (output, out) == ("json", "o.json") else 70  # type: ignore[attr-defined]
    fake.clean = lambda: 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "slipway.demo.main", fake)
    monkeypatch.setattr("slipway.demo.main", fake, raising=False)
    assert call(capsys, "demo", "--output", "json", "--out", "o.json")[0] == 10
    assert call(capsys, "demo", "--clean")[0] == 0


def test_a_command_whose_room_is_missing_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(COMMANDS, "cluster", ("slipway.cli.not_there", ""))
    code, _, err = call(capsys, "cluster")
    assert code == 15
    assert "'cluster' is not part of this installation (slipway.cli.not_there is missing)" in err

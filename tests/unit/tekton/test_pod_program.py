# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shell program around a step, run by real shells in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Refused
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import pod_program, termination
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.pod_program import Around
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.termination import Kind, Result

SHELLS = [name for name in ("dash", "bash", "busybox") if shutil.which(name)]


@dataclass
class Ran:
    code: int
    output: str
    told: list[Result]
    root: Path

    def of(self, kind: Kind) -> dict[str, str]:
        return {one.key: one.value for one in self.told if one.kind == kind}


class Box:
    """Stands for the pod: what the program takes for / is a folder."""

    def __init__(self, root: Path, shell: str) -> None:
        self.root, self.shell = root, [shell, "sh"] if shell == "busybox" else [shell]
        (root / "dev").mkdir()

    def run(self, step: dict[str, Any], *, index: int = 0, results: tuple[str, ...] = (), **more: Any) -> Ran:
        name = str(step.get("name") or f"unnamed-{index}")
        around = Around(results, more.pop("longest", 4096), f"spec.steps[{index}]", **more)
        program = self._here(pod_program.around(step, index, name, around))
        words = [self._here(word) for word in pod_program.words(step, index)]
        message = self.root / "dev/termination-log"
        message.write_text("")
        env = {"PATH": os.environ["PATH"], **{one["name"]: one["value"] for one in step.get("env") or []}}
        done = subprocess.run([*self.shell, "-c", program, "step", *words], env=env, capture_output=True, timeout=30)
        told = termination.parse(message.read_bytes().decode("utf-8", "replace"))
        return Ran(done.returncode, done.stdout.decode() + done.stderr.decode(), told, self.root)

    def _here(self, text: str) -> str:
        return text.replace("/tekton", f"{self.root}/tekton").replace("/dev/term", f"{self.root}/dev/term")

    def write(self, path: str) -> str:
        return f"/tekton/{path}"


@pytest.fixture(params=SHELLS)
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Box:
    return Box(tmp_path, request.param)


@pytest.mark.parametrize(
    "value",
    ["plain", "two\nlines\n", 'a "quote"', "back\\slash", "tab\tand\rreturn", "bell\a", "grün ✓", "", "100% $HOME `x`"],
)
def test_a_result_is_told_as_it_was_written(box: Box, value: str) -> None:
    step = {
        "env": [{"name": "V", "value": value}],
        "command": ["sh", "-c", f'printf %s "$V" > {box.write("results/r")}'],
    }
    assert box.run(step, results=("r",)).of(Kind.TASK_RUN) == {"r": value}


def test_a_result_that_was_not_written_is_not_told(box: Box) -> None:
    assert box.run({"command": ["true"]}, results=("r",)).told == []


def test_results_of_a_failed_step_are_told(box: Box) -> None:
    ran = box.run({"script": f"echo -n x > {box.write('results/r')}; exit 4"}, results=("r",))
    assert (ran.code, ran.of(Kind.TASK_RUN)) == (4, {"r": "x"})


def test_a_script_without_a_first_line_stops_at_its_first_error(box: Box) -> None:
    ran = box.run({"script": "echo one\nfalse\necho two"})
    assert (ran.code, ran.output) == (1, "one\n")


def test_a_script_gets_the_args_of_its_step(box: Box) -> None:
    assert box.run({"script": "echo $# $2", "args": ["a", "b c"]}).output == "2 b c\n"


def test_the_first_line_of_a_script_names_its_interpreter(box: Box) -> None:
    assert box.run({"script": "#!/usr/bin/env python3\nprint('py')"}).output == "py\n"


def test_a_quote_in_a_script_stays_a_quote(box: Box) -> None:
    assert box.run({"script": """echo "it's" '$HOME'"""}).output == "it's $HOME\n"


def test_a_step_that_may_fail_ends_well_and_says_its_code(box: Box) -> None:
    ran = box.run({"name": "a", "script": "exit 3", "onError": "continue"})
    code = (ran.root / "tekton/steps/step-a/exitCode").read_text()
    assert (ran.code, code, ran.of(Kind.INTERNAL)) == (0, "3", {"ExitCode": "3", "Reason": "Continued"})


def test_a_step_that_takes_too_long_is_stopped_and_says_so(box: Box) -> None:
    ran = box.run({"script": "exec sleep 20", "timeout": "200ms"})
    assert (ran.code, ran.of(Kind.INTERNAL)) == (1, {"Reason": "TimeoutExceeded"})


def test_a_step_in_time_is_not_held_up_by_its_timeout(box: Box) -> None:
    assert box.run({"script": "echo quick", "timeout": "25s"}).output == "quick\n"


def test_results_of_steps_are_replaced_in_words_and_environment(box: Box) -> None:
    box.run(
        {"name": "a", "results": [{"name": "x"}], "script": f"printf 'v 1' > {box.write('steps/step-a/results/x')}"}
    )
    step = {
        "name": "b", "env": [{"name": "E", "value": "<$(steps.a.results.x)>"}], "command": ["sh", "-c", 'echo "$0" "$E"'],
        "args": ["got-$(steps.a.results.x)$(steps.a.results.x)"],
    }  # fmt: skip
    assert box.run(step, index=1).output == "got-v 1v 1 <v 1>\n"


def test_a_step_result_that_is_missing_leaves_its_reference(box: Box) -> None:
    assert box.run({"command": ["echo", "$(steps.a.results.x)"]}).output == "$(steps.a.results.x)\n"


def test_results_of_a_step_are_told_as_such(box: Box) -> None:
    step = {"name": "a", "results": [{"name": "x"}], "script": f"printf v > {box.write('steps/step-a/results/x')}"}
    assert box.run(step).of(Kind.STEP) == {"x": "v"}


@pytest.mark.parametrize(
    ("operator", "values", "runs"),
    [("in", ["a", "b"], True), ("in", ["c"], False), ("notin", ["c"], True), ("notin", ["b"], False)],
)
def test_when_decides_whether_the_step_runs(box: Box, operator: str, values: list[str], runs: bool) -> None:
    ran = box.run({"script": "echo ran", "when": [{"input": "b", "operator": operator, "values": values}]})
    assert (ran.code, ran.output, ran.of(Kind.INTERNAL)) == (
        0,
        *(("ran\n", {}) if runs else ("", {"Reason": "Skipped"})),
    )


def test_results_beyond_the_limit_fail_the_step_and_say_why(box: Box) -> None:
    ran = box.run({"script": f"printf %0200d 0 > {box.write('results/r')}"}, results=("r",), longest=200)
    assert (ran.code, ran.told) == (1, [])
    assert "larger than the 200 bytes" in ran.output


def test_streams_go_to_their_files_and_to_the_log(box: Box) -> None:
    step = {
        "script": "echo out; echo err >&2; exit 3",
        "stdoutConfig": {"path": box.write("deep/out")},
        "stderrConfig": {"path": box.write("deep/err")},
    }
    ran = box.run(step)
    files = [(ran.root / f"tekton/deep/{name}").read_text() for name in ("out", "err")]
    assert (ran.code, ran.output, files) == (3, "out\nerr\n", ["out\n", "err\n"])


def test_two_streams_may_go_to_one_file(box: Box) -> None:
    path = {"path": box.write("both")}
    ran = box.run({"script": "echo out; echo err >&2", "stdoutConfig": path, "stderrConfig": path})
    assert sorted((ran.root / "tekton/both").read_text().split()) == ["err", "out"]


def test_a_step_with_streams_is_stopped_in_time(box: Box) -> None:
    step = {"script": "exec sleep 20", "timeout": "200ms", "stdoutConfig": {"path": box.write("out")}}
    assert box.run(step).of(Kind.INTERNAL) == {"Reason": "TimeoutExceeded"}


LIST = r'["a b", "c\"d\\e", "l\ni\u006ee", "grün"]'


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("<$(steps.a.results.x[0])>", "<a b>"),
        ("$(steps.a.results.x[1])", 'c"d\\e'),
        ("$(steps.a.results.x[2])", "l\nine"),
        ("$(steps.a.results.x[3])", "grün"),
        ("$(steps.a.results.x[4])", "$(steps.a.results.x[4])"),
        ("$(steps.a.results.y.two)", "second value"),
        ("$(steps.a.results.y.none)", "$(steps.a.results.y.none)"),
    ],
)
def test_parts_of_step_results_are_replaced(box: Box, word: str, expected: str) -> None:
    folder = box.root / "tekton/steps/step-a/results"
    folder.mkdir(parents=True)
    (folder / "x").write_text(LIST)
    (folder / "y").write_text('{"one": "first, \\"two\\": x", "two" : "second value"}')
    step = {"name": "b", "command": ["printf", "%s"], "args": [word]}
    assert box.run(step, index=1).output == expected


def test_all_items_of_a_step_result_become_words(box: Box) -> None:
    folder = box.root / "tekton/steps/step-a/results"
    folder.mkdir(parents=True)
    (folder / "x").write_text('["a b", "c"]')
    step = {"name": "b", "command": ["printf", "<%s>"], "args": ["first", "$(steps.a.results.x[*])", "last"]}
    assert box.run(step, index=1).output == "<first><a b><c><last>"


def test_all_items_within_a_word_are_refused_by_name() -> None:
    step = {"command": ["echo", "in $(steps.a.results.list[*])"]}
    with pytest.raises(Refused, match=r"spec.steps\[1\].*steps.a.results.list\[\*\]"):
        pod_program.around(step, 1, "b", Around((), 4096, "spec.steps[1]"))


def test_artifacts_of_steps_in_a_script_are_refused_by_name() -> None:
    step = {"script": "echo $(steps.a.outputs.image)"}
    with pytest.raises(Refused, match=r"spec.steps\[1\].*steps.a.outputs.image"):
        pod_program.around(step, 1, "b", Around((), 4096, "spec.steps[1]"))

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the lint finds, where, and that the step it proposes does the same with values and nothing with commands."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.lint import program

HEAD = "apiVersion: tekton.dev/v1\nkind: %s\nmetadata: {name: %s}\nspec:\n"
TASK = """
  params: [{name: who}, {name: parts, type: object, properties: {first: {}}}]
  steps:
  - name: say
    image: alpine:3.20
    script: |
      echo $(params.who)
"""


def findings(*texts: str, rule: str = "") -> list[api.Finding]:
    documents = [doc for number, text in enumerate(texts) for doc in yaml.load_all(text, f"{number}.yaml")]
    return [one for one in api.lint(api.parse(documents)) if rule in ("", one.rule)]


def task(rest: str, name: str = "t") -> str:
    return HEAD % ("Task", name) + rest


def step(script: str) -> str:
    body = script.replace("\n", "\n      ")
    return task(f"  params: [{{name: who}}]\n  steps:\n  - image: alpine:3\n    script: |\n      {body}\n")


def corrected(script: str) -> str:
    [one] = findings(step(script), rule="script-injection")
    [new] = yaml.load_all(one.rewrite)[0].data
    return str(new["script"]).removesuffix("\n")


def test_a_param_in_a_script_is_a_warning_at_its_line() -> None:
    [one] = findings(task(TASK), rule="script-injection")
    assert (one.severity, one.where, one.field) == ("warning", "0.yaml:10", "spec.steps[0].script")


def test_the_whole_corrected_step_is_shown() -> None:
    [one] = findings(task(TASK), rule="script-injection")
    assert one.rewrite == (
        "- name: say\n  image: alpine:3.20\n  env:\n  - name: WHO\n    value: $(params.who)\n"
        '  script: |\n    echo "${WHO}"\n'
    )


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("echo $(params.who)", 'echo "${WHO}"'),
        ('echo "a $(params.who) b"', 'echo "a ${WHO} b"'),
        ("echo 'a $(params.who) b'", "echo 'a '\"${WHO}\"' b'"),
        ('echo "$(basename $(params.who))"', 'echo "$(basename "${WHO}")"'),
        ('echo "$(basename "$(params.who)")"', 'echo "$(basename "${WHO}")"'),
        ("echo $(( $(params.who) + 1 ))", "echo $(( ${WHO} + 1 ))"),
        ("# about $(params.who) it's\necho $(params.who)", '# about ${WHO} it\'s\necho "${WHO}"'),
        ("cat <<EOF\nit's $(params.who)\nEOF\necho $(params.who)", 'cat <<EOF\nit\'s ${WHO}\nEOF\necho "${WHO}"'),
        ("echo it\\'s $(params.who)", 'echo it\\\'s "${WHO}"'),
        (
            "#!/usr/bin/env bash\nx=${y#a} ; [ $# = 0 ] ; echo $(params.who)",
            '#!/usr/bin/env bash\nx=${y#a} ; [ $# = 0 ] ; echo "${WHO}"',
        ),
        (
            '#!/usr/bin/env python3\nprint("$(params.who)")',
            '#!/usr/bin/env python3\nimport os\nprint(os.environ["WHO"])',
        ),
        ("#!/usr/bin/env node\nconsole.log('$(params.who)')", "#!/usr/bin/env node\nconsole.log(process.env.WHO)"),
    ],
)
def test_a_variable_gets_the_quotes_that_its_place_needs(script: str, wanted: str) -> None:
    assert corrected(script) == wanted


@pytest.mark.parametrize("script", ["cat <<'EOF'\n$(params.who)\nEOF", "#!/bin/awk -f\n$(params.who)"])
def test_what_no_rule_can_rewrite_is_left_to_a_person(script: str) -> None:
    [one] = findings(step(script), rule="script-injection")
    assert (one.rewrite, "(WHO), and read it there" in one.message) == ("", True)


@pytest.mark.parametrize("value", ["plain", "a b", "; echo hacked", "$(echo hacked)", '"; echo hacked; "', "' hacked"])
@pytest.mark.parametrize(
    "script", ["printf %s $(params.who)", 'printf %s "$(params.who)"', "printf %s '$(params.who)'"]
)
def test_the_corrected_script_prints_any_value_as_it_is(script: str, value: str) -> None:
    changed = program.rewritten(script, {"$(params.who)": "WHO"})
    assert changed is not None
    done = subprocess.run(
        ["sh", "-c", changed], env={**os.environ, "WHO": value}, capture_output=True, text=True, check=True
    )
    assert done.stdout == value


def test_the_text_behind_sh_c_is_a_program_too() -> None:
    text = task(
        "  params: [{name: who}]\n  steps: [{image: alpine:3, command: [/bin/sh, -ec], args: ['ls $(params.who)']}]"
    )
    [one] = findings(text, rule="script-injection")
    assert (one.field, 'ls "${WHO}"' in one.rewrite) == ("spec.steps[0].args[0]", True)


def test_arguments_of_a_program_are_no_finding() -> None:
    text = task("  params: [{name: who}]\n  steps: [{image: alpine:3, command: [ls], args: [$(params.who)]}]")
    assert findings(text) == []


def test_arguments_of_a_script_are_no_finding() -> None:
    text = task("  params: [{name: who}]\n  steps: [{image: alpine:3, script: 'ls \"$1\"', args: [$(params.who)]}]")
    assert findings(text) == []


def test_a_variable_that_holds_the_value_already_is_used() -> None:
    env = "env: [{name: MINE, value: $(params.who)}]"
    text = task(f"  params: [{{name: who}}]\n  steps: [{{image: alpine:3, {env}, script: 'ls $(params.who)'}}]")
    [one] = findings(text)
    assert 'ls "${MINE}"' in one.rewrite and one.rewrite.count("name:") == 1


def test_a_name_that_a_shell_needs_is_not_taken() -> None:
    text = task("  params: [{name: path}]\n  steps: [{image: alpine:3, script: 'ls $(params.path)'}]")
    assert "name: PARAM_PATH" in findings(text)[0].rewrite


def test_a_param_of_plain_words_only_is_no_finding() -> None:
    params = "params: [{name: who, enum: [dev, prod-1]}]"
    assert findings(task(f"  {params}\n  steps: [{{image: alpine:3, script: 'ls $(params.who)'}}]")) == []


def test_results_of_tasks_are_values_from_outside() -> None:
    inline = "{steps: [{image: alpine:3, script: 'ls $(tasks.a.results.r)'}]}"
    first = "{results: [{name: r}], steps: [{image: alpine:3, script: 'id > $(results.r.path)'}]}"
    text = HEAD % ("Pipeline", "p") + f"  tasks: [{{name: a, taskSpec: {first}}}, {{name: b, taskSpec: {inline}}}]"
    [one] = findings(text)
    assert (one.rule, one.field, "name: A_R" in one.rewrite) == (
        "script-injection",
        "spec.tasks[1].taskSpec.steps[0].script",
        True,
    )


def test_paths_that_tekton_makes_are_no_finding() -> None:
    text = "  workspaces: [{name: w}]\n  results: [{name: r}]\n"
    text += "  steps: [{image: alpine:3, script: 'ls $(workspaces.w.path) > $(results.r.path) # $(context.task.name)'}]"
    assert findings(task(text)) == []


def test_an_unused_param_is_a_note() -> None:
    [one] = findings(task("  params: [{name: a}]\n  steps: [{image: alpine:3, script: id}]"))
    assert (one.severity, one.rule, one.field) == ("note", "unused-param", "spec.params[0]")


@pytest.mark.parametrize("used", ['$(params["a.b"])', "$(params['a.b'])"])
def test_a_param_is_used_by_any_spelling(used: str) -> None:
    step_of_it = f"{{image: alpine:3, env: [{{name: A, value: '{used.replace(chr(39), chr(39) * 2)}'}}], script: id}}"
    assert findings(task(f"  params: [{{name: a.b}}]\n  steps: [{step_of_it}]")) == []


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        ("alpine", "without a tag"),
        ("registry:5000/alpine", "without a tag"),
        ("alpine:latest", "with the tag latest"),
        ("alpine:3.20", ""),
        ("alpine@sha256:ab", ""),
        ("$(params.image)", ""),
    ],
)
def test_an_image_that_can_change_is_a_warning(image: str, problem: str) -> None:
    text = task(f"  params: [{{name: image, default: x}}]\n  steps: [{{image: {image}, script: id}}]")
    said = [one.message.split(", ")[1].split(":")[0] for one in findings(text, rule="unpinned-image")]
    assert said == ([problem] if problem else [])


def test_an_unused_workspace_is_a_warning() -> None:
    text = "  workspaces: [{name: a}, {name: b}, {name: c}, {name: d, mountPath: /d}]\n  steps:\n"
    text += "  - {image: alpine:3, script: 'ls $(workspaces.b.path) /d/x', workspaces: [{name: c}]}"
    assert [one.field for one in findings(task(text), rule="unused-workspace")] == ["spec.workspaces[0]"]


def test_a_workspace_of_a_pipeline_is_used_when_a_task_gets_it() -> None:
    given = "{name: a, taskRef: {name: x}, workspaces: [{name: source, workspace: w}]}"
    text = HEAD % ("Pipeline", "p") + f"  workspaces: [{{name: w}}, {{name: v}}]\n  tasks: [{given}]"
    assert [one.field for one in findings(text)] == ["spec.workspaces[1]"]


def test_a_result_that_no_step_writes_is_a_warning() -> None:
    text = "  results: [{name: a}, {name: b}, {name: c}]\n"
    text += "  steps: [{image: alpine:3, script: 'id > $(results.a.path); id > /tekton/results/b'}]"
    assert [one.field for one in findings(task(text))] == ["spec.results[2]"]


def test_two_objects_of_one_name_are_a_warning_that_names_both_places() -> None:
    one, two = (task(f"  steps: [{{image: 'alpine:{n}', script: id}}]", "git-clone") for n in (1, 2))
    [found] = findings(one, two)
    assert (found.rule, found.where, "(1.yaml:1)" in found.message) == ("duplicate-object", "0.yaml:3", True)


def test_the_same_object_twice_is_no_finding() -> None:
    one = task("  steps: [{image: 'alpine:3', script: id}]")
    assert findings(one, one) == []


def test_an_old_version_is_a_note_with_its_old_fields() -> None:
    text = "apiVersion: tekton.dev/v1beta1\nkind: PipelineRun\nmetadata: {name: r}\n"
    [one] = findings(f"{text}spec: {{pipelineRef: {{name: p}}, timeout: 1h}}")
    assert (one.severity, one.rule, "old fields: spec.timeout;" in one.message) == ("note", "old-version", True)


CALLEE = task(
    "  params: [{name: url}]\n  workspaces: [{name: w}]\n  steps:\n"
    "  - {image: 'a:1', script: 'ls $(workspaces.w.path)', env: [{name: U, value: $(params.url)}]}\n",
    "callee",
)


def test_what_a_task_of_a_pipeline_misses_is_a_warning() -> None:
    pipeline = (
        HEAD % ("Pipeline", "p") + "  tasks: [{name: a, taskRef: {name: callee}, params: [{name: ulr, value: x}]}]"
    )
    assert [(one.severity, one.rule) for one in findings(CALLEE, pipeline)] == [
        ("warning", "missing-param"),
        ("warning", "missing-workspace"),
        ("note", "extra-param"),
    ]


def test_a_misspelt_param_of_a_run_is_a_note_with_the_right_name() -> None:
    run = HEAD % ("TaskRun", "r") + "  taskRef: {name: callee}\n  params: [{name: ulr, value: x}]"
    [one] = findings(CALLEE, run)
    assert "did you mean 'url'?" in one.message


@pytest.mark.parametrize(
    ("volume", "found"),
    [("emptyDir: {}", ["unshared-workspace"]), ("persistentVolumeClaim: {claimName: c}", [])],
)
def test_an_empty_dir_for_several_tasks_is_a_warning(volume: str, found: list[str]) -> None:
    uses = "workspaces: [{name: w, workspace: w}]"
    inline = "taskSpec: {workspaces: [{name: w}], steps: [{image: a:1, script: ls $(workspaces.w.path)}]}"
    tasks = ", ".join(f"{{name: {name}, {uses}, {inline}}}" for name in ("one", "two"))
    run = HEAD % ("PipelineRun", "r") + f"  workspaces: [{{name: w, {volume}}}]\n"
    run += f"  pipelineSpec: {{workspaces: [{{name: w}}], tasks: [{tasks}]}}"
    assert [one.rule for one in findings(run)] == found


def test_a_rule_can_be_left_out() -> None:
    bundle = api.parse(yaml.load_all(task(TASK), "0.yaml"))
    assert [one.rule for one in api.lint(bundle, ["script-injection"])] == ["unused-param"]


def test_an_annotation_leaves_rules_out_for_its_object_only() -> None:
    quiet = task(TASK).replace("{name: t}", "{name: q, annotations: {slipway.dev/lint-ignore: 'a, script-injection'}}")
    found = [(one.obj, one.rule) for one in findings(quiet, task(TASK))]
    assert found == [("Task q", "unused-param"), ("Task t", "unused-param"), ("Task t", "script-injection")]


def test_every_rule_is_documented() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "lint.md").read_text()
    assert [rule for rule in api.LINT_RULES if f"| `{rule}` |" not in text] == []

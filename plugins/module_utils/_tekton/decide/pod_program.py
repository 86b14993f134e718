# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The shell program around the command of a step in a pod of our own: it does what Tekton's entrypoint does.

POSIX sh with cat and mkdir (sleep for a timeout), so that any image with a shell will do. It puts the script into
place, replaces results of earlier steps, honours when, timeout and onError, and leaves results and reason in the
container's termination message as Tekton's entrypoint does.
Source of the behaviour: tektoncd/pipeline cmd/entrypoint, pkg/entrypoint/entrypointer.go, pkg/result/result.go, v1.15.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core import duration
from ..._core.errors import Invalid, Refused
from . import script

MESSAGE = "/dev/termination-log"
LONGEST_SCRIPT = 100_000  # bytes: Linux takes at most 128 KiB in one argument
_REFERENCE = re.compile(r"\$\(steps\.([^.()]+)\.results\.([^.()\[\]]+)\)")
_OTHER_REFERENCE = re.compile(r"\$\(steps\.[^.()]+\.(?:results|outputs|inputs)\.[^()]+\)")

_FUNCTIONS = r"""
nl='
'
cr=$(printf '\r')
tab=$(printf '\t')
content() { R=$(cat "$1"; printf x); R=${R%x}; }
quote() {
  rest=$1 out=
  while :; do
    head=${rest%%[\"\\[:cntrl:]]*}
    [ "$head" = "$rest" ] && break
    rest=${rest#"$head"}; char=${rest%"${rest#?}"}; rest=${rest#?}
    case $char in
      '"') char='\"';; \\) char='\\';; "$nl") char='\n';; "$cr") char='\r';; "$tab") char='\t';;
      *) char=$(printf '\\u%04x' "'$char");;
    esac
    out=$out$head$char
  done
  R=$out$rest
}
say() { quote "$3"; message=${message:+$message,}'{"key":"'$2'","value":"'$R'","type":'$1'}'; }
tell() { [ -f "$3" ] || return 0; content "$3"; say "$1" "$2" "$R"; }
replace() {
  rest=$1 out=
  while case $rest in *"$2"*) true;; *) false;; esac; do
    out=$out${rest%%"$2"*}$3; rest=${rest#*"$2"}
  done
  R=$out$rest
}
run() {
  "$@" & child=$!
  trap 'kill -TERM "$child" 2>/dev/null' TERM
  watch=
  if [ -n "$limit" ]; then
    ( trap - TERM; sleep "$limit" && : > "$own/late" && kill -TERM "$child" && sleep 3 && kill -KILL "$child" ) \
      >/dev/null 2>&1 & watch=$!
  fi
  wait "$child" 2>/dev/null; code=$?
  while kill -0 "$child" 2>/dev/null; do wait "$child" 2>/dev/null; code=$?; done
  [ -z "$watch" ] || kill "$watch" 2>/dev/null
}
small() ( LC_ALL=C; [ ${#message} -le "$longest" ] )
finish() {
  notes=$message
  TELL
  if ! small; then
    echo "slipway: the results are larger than the $longest bytes of a termination message" >&2
    message=$notes; [ "$1" != 0 ] || set -- 1
  fi
  printf '[%s]' "$message" > MESSAGE
  exit "$1"
}
"""


@dataclass(frozen=True, slots=True)
class Around:
    """What the program knows of the pod: results of the Task by name, bytes of a message, the field for refusals."""

    results: tuple[str, ...]
    longest: int
    field: str
    skipped: bool = False


def needs(step: Mapping[str, Any], results: Sequence[str]) -> str:
    """Return the field that cannot be had without the program, "" when the plain command will do."""
    fields = ("script", "when", "timeout", "results")
    found = next((name for name in fields if step.get(name)), "")
    if not found and step.get("onError") == "continue":
        return "onError"
    if not found and _OTHER_REFERENCE.search(repr((step.get("args"), step.get("command"), step.get("env")))):
        return "args"
    return found or ("results" if results else "")


def words(step: Mapping[str, Any], index: int) -> list[str]:
    """Return what the program runs: the words of a script's interpreter and its file, or the command; then args."""
    command = [str(word) for word in step.get("command") or []]
    if step.get("script"):
        command = [*interpreter(str(step["script"])), f"{script.FOLDER}/script-{index}"]
    return [*command, *(str(word) for word in step.get("args") or [])]


def interpreter(text: str) -> list[str]:
    """Return the interpreter in the first line, with its one argument, as Linux reads it."""
    first = script.with_shebang(text).lstrip().split("\n", 1)[0]
    return first.removeprefix("#!").strip().split(None, 1) or ["/bin/sh"]


def around(step: Mapping[str, Any], index: int, name: str, known: Around) -> str:
    """Return the program of a step; its arguments are the words that it runs. Refused by field name."""
    _check(step, known.field)
    own = f"/tekton/steps/step-{name}"
    lines = [
        _functions(step, own, known),
        f"own={shlex.quote(own)} limit={_limit(step)} longest={known.longest} message=",
        f'(umask 0; mkdir -p /tekton/results /tekton/artifacts {script.FOLDER} "$own/results" "$own/artifacts")',
    ]
    if known.skipped:
        return "\n".join([*lines, _skip()])
    references = _references(step)
    lines += _values(references)
    lines += [line for number, one in enumerate(step.get("when") or []) for line in _when(one, number, references)]
    if step.get("script"):
        lines.append(_place(str(step["script"]), f"{script.FOLDER}/script-{index}"))
    lines += _replaced(step, references)
    return "\n".join([*lines, 'run "$@"', *_ending(step)])


def sidecar(text: str, name: str) -> str:
    """Return the program that runs a sidecar's script; its arguments are those of the script."""
    path = f"{script.FOLDER}/sidecar-script-{name}"
    start = " ".join(shlex.quote(word) for word in [*interpreter(text), path])
    return f'(umask 0; mkdir -p {script.FOLDER})\n{_place(text, path)}\nexec {start} "$@"'


def _place(text: str, path: str) -> str:
    return f"printf '%s' {shlex.quote(script.with_shebang(text))} > {shlex.quote(path)}"


def _functions(step: Mapping[str, Any], own: str, known: Around) -> str:
    task = [f"tell 1 {name} /tekton/results/{name}" for name in known.results]
    steps = [f"tell 4 {one['name']} {shlex.quote(own)}/results/{one['name']}" for one in step.get("results") or []]
    told = "\n  ".join([*task, *steps]) or ":"
    return _FUNCTIONS.strip().replace("TELL", told).replace("MESSAGE", MESSAGE)


def _limit(step: Mapping[str, Any]) -> str:
    return f"{duration.parse_go(str(step['timeout'])):g}" if step.get("timeout") else ""


def _skip() -> str:
    return 'printf 0 > "$own/exitCode"\nsay 3 Reason Skipped\nfinish 0'


def _ending(step: Mapping[str, Any]) -> list[str]:
    lines = ['if [ -f "$own/late" ]; then say 3 Reason TimeoutExceeded; finish 1; fi']
    if step.get("onError") == "continue":
        lines += ['printf %s "$code" > "$own/exitCode"']
        lines += ['if [ "$code" != 0 ]; then say 3 ExitCode "$code"; say 3 Reason Continued; finish 0; fi']
    else:
        lines += ['[ "$code" != 0 ] || printf 0 > "$own/exitCode"']
    return [*lines, 'finish "$code"']


def _texts(step: Mapping[str, Any]) -> list[str]:
    env = [str(one.get("value") or "") for one in step.get("env") or []]
    expressions = [one for expression in step.get("when") or [] for one in _operands(expression)]
    return [*(str(word) for name in ("command", "args") for word in step.get(name) or []), *env, *expressions]


def _operands(expression: Mapping[str, Any]) -> list[str]:
    return [str(expression.get("input") or ""), *(str(value) for value in expression.get("values") or [])]


def _references(step: Mapping[str, Any]) -> dict[str, str]:
    """Return references to results of steps, by text, with the file that holds each."""
    found = {match[0]: match for text in _texts(step) for match in _REFERENCE.finditer(text)}
    return {text: f"/tekton/steps/step-{match[1]}/results/{match[2]}" for text, match in found.items()}


def _values(references: Mapping[str, str]) -> list[str]:
    """A result that was not written leaves its reference as it is, as upstream."""
    lines = []
    for number, (text, path) in enumerate(references.items()):
        lines.append(f"v{number}={shlex.quote(text)}")
        lines.append(f"[ ! -f {shlex.quote(path)} ] || {{ content {shlex.quote(path)}; v{number}=$R; }}")
    return lines


def _filled(references: Mapping[str, str], text: str) -> str:
    """Return shell text that puts `text` (shell words for a value) into R with every reference replaced."""
    steps = [f"R={text}"]
    steps += [f'replace "$R" {shlex.quote(one)} "$v{number}"' for number, one in enumerate(references)]
    return "; ".join(steps)


def _replaced(step: Mapping[str, Any], references: Mapping[str, str]) -> list[str]:
    if not references:
        return []
    lines = [f'for word do shift; {_filled(references, "$word")}; set -- "$@" "$R"; done']
    for one in step.get("env") or []:
        if _REFERENCE.search(str(one.get("value") or "")):
            lines.append(f"{_filled(references, '$' + one['name'])}; export {one['name']}; {one['name']}=$R")
    return lines


def _when(expression: Mapping[str, Any], number: int, references: Mapping[str, str]) -> list[str]:
    operands = [shlex.quote(text) for text in _operands(expression)]
    lines = [f"{_filled(references, operands[0])}; input{number}=$R; found=no"]
    lines += [f'{_filled(references, one)}; [ "$input{number}" != "$R" ] || found=yes' for one in operands[1:]]
    wanted = "yes" if str(expression.get("operator")) == "in" else "no"
    skip = _skip().replace("\n", "; ")
    return [*lines, f'if [ "$found" != {wanted} ]; then {skip}; fi']


def _check(step: Mapping[str, Any], field: str) -> None:
    if len(str(step.get("script") or "").encode()) > LONGEST_SCRIPT:
        raise Refused(
            f"{field}.script is longer than {LONGEST_SCRIPT} bytes, which a pod's command cannot hold",
            hint="put it into the image or a ConfigMap",
        )
    for text in _texts(step):
        for match in _OTHER_REFERENCE.finditer(text):
            if not _REFERENCE.fullmatch(match[0]):
                raise Refused(
                    f"{field}: {match[0]} is replaced while the pod runs, and only whole results of type string can be",
                    hint="read the file of the step result in the script",
                )
    if any("$(steps." in str(one.get("cel") or "") for one in step.get("when") or []):
        raise Refused(f"{field}.when: CEL over results of steps is not evaluated in a pod", hint="use input and values")
    if duration.parse_go(str(step.get("timeout") or "0s")) < 0:
        raise Invalid(f"{field}.timeout", "must not be negative")

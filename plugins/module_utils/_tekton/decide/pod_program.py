# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The shell program around the command of a step in a pod of our own: it does what Tekton's entrypoint does.

POSIX sh with cat and mkdir (sleep for a timeout, mkfifo and tee for streams), so that any image with a shell will do. It puts the script into
place, replaces results of earlier steps, honours when, timeout and onError, and leaves results and reason in the
container's termination message as Tekton's entrypoint does.
Source of the behaviour: tektoncd/pipeline cmd/entrypoint, pkg/entrypoint/entrypointer.go, pkg/result/result.go, v1.15.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core import duration
from ..._core.errors import Invalid, Refused
from . import script

MESSAGE = "/dev/termination-log"
LONGEST_SCRIPT = 100_000  # bytes: Linux takes at most 128 KiB in one argument
_REFERENCE = re.compile(r"\$\(steps\.([^.()]+)\.results\.([^.()\[\]]+)(?:\[(\d+|\*)\]|\.([^.()\[\]]+))?\)")
_OTHER_REFERENCE = re.compile(r"\$\(steps\.[^.()]+\.(?:results|outputs|inputs)\.[^()]+\)")

_ARTIFACT = re.compile(r"\$\(steps\.[^.()]+\.(?:outputs|inputs)\.[^()]+\)")

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

# Included where a part of a result is wanted: reads JSON lists of texts and maps of texts.
_JSON = r"""
text() {
  R=
  while :; do
    head=${rest%%[\"\\]*}; R=$R$head; rest=${rest#"$head"}
    case $rest in
      '"'*) rest=${rest#?}; return 0;;
      "\\"*) rest=${rest#?}; char=${rest%"${rest#?}"}; rest=${rest#?};;
      *) return 1;;
    esac
    case $char in
      n) R=$R$nl;; t) R=$R$tab;; r) R=$R$cr;;
      u) char=${rest%"${rest#????}"}; rest=${rest#????}; R=$R$(printf "\\$(printf %03o "0x$char")"; printf x); R=${R%x};;
      *) R=$R$char;;
    esac
  done
}
more() { case $rest in *\"*) rest=${rest#*\"}; text;; *) return 1;; esac; }
item() {
  [ -f "$1" ] || return 1
  content "$1"; rest=${R#*\[} number=0
  while more; do
    [ "$number" != "$2" ] || return 0
    number=$((number + 1))
  done
  return 1
}
member() {
  [ -f "$1" ] || return 1
  content "$1"; rest=${R#*\{}
  while more; do
    key=$R; rest=${rest#*:}; more || return 1
    [ "$key" != "$2" ] || return 0
  done
  return 1
}
"""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to a result of a step: the file that holds it, and which part is meant ("" for all)."""

    path: str
    index: str = ""
    key: str = ""

    def fill(self, variable: str) -> str:
        """Return shell text that puts the value into a variable; what is not there leaves the variable as it is."""
        path = shlex.quote(self.path)
        if self.index:
            return f"if item {path} {self.index}; then {variable}=$R; fi"
        if self.key:
            return f"if member {path} {shlex.quote(self.key)}; then {variable}=$R; fi"
        return f"[ ! -f {path} ] || {{ content {path}; {variable}=$R; }}"


@dataclass(frozen=True, slots=True)
class Around:
    """What the program knows of the pod: results of the Task by name, bytes of a message, the field for refusals.

    `credentials` are files to lay into the step's home: the path there, and where the pod has it.
    """

    results: tuple[str, ...]
    longest: int
    where: str
    skipped: bool = False
    credentials: Mapping[str, str] = field(default_factory=dict)


def needs(step: Mapping[str, Any], results: Sequence[str], *, last: bool) -> str:
    """Return the field that cannot be had without the program, "" when the plain command will do.

    Results of the Task are told by every program and have to be told by the `last` step's: what a plain one before it
    has written is told as well, so images without a shell have their place.
    """
    fields = ("script", "when", "timeout", "results", "stdoutConfig", "stderrConfig")
    found = next((name for name in fields if step.get(name)), "")
    if not found and step.get("onError") == "continue":
        return "onError"
    if not found and _OTHER_REFERENCE.search(repr((step.get("args"), step.get("command"), step.get("env")))):
        return "args"
    return found or ("results" if results and last else "")


def refused(step: Mapping[str, Any], reason: str, where: str) -> Refused:
    """Return the refusal of a step that needs the program for `reason`, and has nothing that the program could run."""
    hint = "name the command of the image"
    if reason == "results":
        hint = "end the Task with a step that has a script: it hands out the results of all"
    image = f"the entry point of image {step.get('image')!r} is known to the cluster only"
    return Refused(f"{where}.command is needed, because {reason} is used: {image}", hint=hint)


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
    _check(step, known.where)
    own = f"/tekton/steps/step-{name}"
    lines = [
        _functions(step, own, known),
        f"own={shlex.quote(own)} limit={_limit(step)} longest={known.longest} message=",
        f'(umask 0; mkdir -p /tekton/results /tekton/artifacts /tekton/home {script.FOLDER} "$own/results" "$own/artifacts")',
        f'[ -e /tekton/steps/{index} ] || ln -s "$own" /tekton/steps/{index} 2>/dev/null || :',
    ]
    if known.skipped:
        return "\n".join([*lines, _skip()])
    references = _references(step)
    if _lists(step) or any(one.index or one.key for one in references.values()):
        lines.append(_JSON.strip())
    lines += _values(references)
    lines += [line for number, one in enumerate(step.get("when") or []) for line in _when(one, number, references)]
    if step.get("script"):
        lines.append(_place(str(step["script"]), f"{script.FOLDER}/script-{index}"))
    lines += _replaced(step, references)
    lines += [line for path, source in known.credentials.items() for line in _laid(path, source)]
    return "\n".join([*lines, *_run(step), *_ending(step)])


def _run(step: Mapping[str, Any]) -> list[str]:
    """Run the words; a stream with a path goes there as well, through a pipe with a name that tee reads.

    Source: tektoncd/pipeline cmd/entrypoint/io.go: the file is appended to.
    """
    lines, redirects = [], ""
    for name, number, back in (("stdout", "1", ""), ("stderr", "2", " >&2")):
        path = str((step.get(f"{name}Config") or {}).get("path") or "")
        if path:
            lines.append(f'mkdir -p {shlex.quote(path.rpartition("/")[0] or "/")}; mkfifo "$own/{name}"')
            lines.append(f'tee -a {shlex.quote(path)} < "$own/{name}"{back} & tees="$tees $!"')
            redirects += f' {number}> "$own/{name}"'
    return [*(["tees=", *lines] if lines else []), f'run "$@"{redirects}', *(["wait $tees"] if lines else [])]


def _laid(path: str, source: str) -> list[str]:
    """Lay a file of the credentials into /tekton/creds and, as upstream, into HOME; a home without room is no failure."""
    folder = path.rpartition("/")[0]
    copy = (
        f'mkdir -p "$place/{folder}" && cat {shlex.quote(source)} > "$place/{path}"; '
        if folder
        else f'cat {shlex.quote(source)} > "$place/{path}"; '
    )
    return [
        f'(umask 077; for place in /tekton/creds "$HOME"; do [ -z "$place" ] || {{ {copy}}}; done) 2>/dev/null || :'
    ]


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
    artifacts = "/tekton/artifacts/provenance.json"
    told = "\n  ".join([*task, *steps, f"tell 5 {artifacts} {artifacts}"])
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


def _references(step: Mapping[str, Any]) -> dict[str, Reference]:
    """Return references to results of steps, by text. Those to all items of a list are not among them."""
    found = {match[0]: match for text in _texts(step) for match in _REFERENCE.finditer(text) if match[3] != "*"}
    return {text: _reference(match) for text, match in found.items()}


def _reference(match: re.Match[str]) -> Reference:
    return Reference(f"/tekton/steps/step-{match[1]}/results/{match[2]}", match[3] or "", match[4] or "")


def _values(references: Mapping[str, Reference]) -> list[str]:
    """A result that was not written leaves its reference as it is, as upstream."""
    lines = []
    for number, (text, reference) in enumerate(references.items()):
        lines.append(f"v{number}={shlex.quote(text)}")
        lines.append(reference.fill(f"v{number}"))
    return lines


def _filled(references: Mapping[str, Reference], text: str) -> str:
    """Return shell text that puts `text` (shell words for a value) into R with every reference replaced."""
    steps = [f"R={text}"]
    steps += [f'replace "$R" {shlex.quote(one)} "$v{number}"' for number, one in enumerate(references)]
    return "; ".join(steps)


def _replaced(step: Mapping[str, Any], references: Mapping[str, Reference]) -> list[str]:
    lists = _lists(step)
    if not references and not lists:
        return []
    lines = ["for word do", "shift", *_spread(lists)]
    lines += [f'{_filled(references, "$word")}; set -- "$@" "$R"', "done"]
    for one in step.get("env") or []:
        if _REFERENCE.search(str(one.get("value") or "")):
            lines.append(f"{_filled(references, '$' + one['name'])}; export {one['name']}; {one['name']}=$R")
    return lines


def _lists(step: Mapping[str, Any]) -> dict[str, Reference]:
    """Return the words that stand for all items of a list."""
    words = [str(word) for name in ("command", "args") for word in step.get(name) or []]
    found = [match for word in words if (match := _REFERENCE.fullmatch(word)) and match[3] == "*"]
    return {match[0]: _reference(match) for match in found}


def _spread(lists: Mapping[str, Reference]) -> list[str]:
    return [
        f'if [ "$word" = {shlex.quote(text)} ] && [ -f {shlex.quote(one.path)} ]; then at=0; '
        f'while item {shlex.quote(one.path)} "$at"; do set -- "$@" "$R"; at=$((at + 1)); done; continue; fi'
        for text, one in lists.items()
    ]


def _when(expression: Mapping[str, Any], number: int, references: Mapping[str, Reference]) -> list[str]:
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
    for text in [*_texts(step), *re.findall(_ARTIFACT, str(step.get("script") or ""))]:
        for match in _OTHER_REFERENCE.finditer(text):
            found = _REFERENCE.fullmatch(match[0])
            if not found or (found[3] == "*" and text not in _lists(step)):
                raise Refused(
                    f"{field}: {match[0]} is known while the pod runs only, and is not replaced there: results of steps "
                    "are, their parts, and [*] as a whole word",
                    hint="read the file of the earlier step in the script",
                )
    if any("$(steps." in str(one.get("cel") or "") for one in step.get("when") or []):
        raise Refused(f"{field}.when: CEL over results of steps is not evaluated in a pod", hint="use input and values")
    if duration.parse_go(str(step.get("timeout") or "0s")) < 0:
        raise Invalid(f"{field}.timeout", "must not be negative")

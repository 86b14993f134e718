# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A run as JUnit XML: a suite per TaskRun, a case per step, so that any CI shows what failed.

Pure: a report and the logs in, text out. The form is the one that Jenkins, GitLab and GitHub's reporters read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

_NOT_XML = re.compile("\x1b\\[[0-9;?]*[A-Za-z]|[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_GOOD = ("Completed", "Continued")


def junit(report: Mapping[str, Any], logs: Mapping[tuple[str, str], str] | None = None) -> str:
    """Return the XML of a report (the keys of pipeline_run's result). `logs` are texts by TaskRun and step name.

    A failed step has its log inside; a step that did not run and a skipped task are skipped cases.
    """
    suites = [_suite(run, logs or {}) for run in report.get("task_runs") or []]
    suites += [_skipped(entry) for entry in report.get("skipped_tasks") or []]
    counts = {name: sum(suite[name] for suite in suites) for name in ("tests", "failures", "skipped")}
    head = _tag("testsuites", {"name": report.get("name", ""), **counts, "time": _time(report.get("seconds"))})
    return "\n".join(
        ['<?xml version="1.0" encoding="UTF-8"?>', head, *(suite["text"] for suite in suites), "</testsuites>", ""]
    )


def _suite(run: Mapping[str, Any], logs: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    cases = [_case(run, step, logs.get((run["name"], step["name"]), "")) for step in run["steps"]]
    if run["status"] not in ("Succeeded", "Completed") and not any(kind == "failures" for kind, _text in cases):
        cases.append(("failures", _failed_task(run)))
    return _together(run["task"], run["seconds"], cases)


def _case(run: Mapping[str, Any], step: Mapping[str, Any], log: str) -> tuple[str, str]:
    told = {"classname": run["name"], "name": step["name"], "time": _time(step["seconds"])}
    reason = step["termination_reason"]
    if reason in _GOOD:
        return "", f"    {_tag('testcase', told, close=True)}"
    if reason == "Skipped":
        return "skipped", f"    {_tag('testcase', told)}<skipped/></testcase>"
    message = f"exit code {step['exit_code']}: {reason}"
    failure = _tag("failure", {"message": message, "type": reason}) + _text(log or message) + "</failure>"
    return "failures", f"    {_tag('testcase', told)}{failure}</testcase>"


def _failed_task(run: Mapping[str, Any]) -> str:
    """A TaskRun may fail without a step that did: a missing result, a time-out."""
    failure = _tag("failure", {"message": run["message"], "type": run["status"]}, close=True)
    return f"    {_tag('testcase', {'classname': run['name'], 'name': run['task'], 'time': '0'})}{failure}</testcase>"


def _skipped(entry: Mapping[str, Any]) -> dict[str, Any]:
    case = _tag("testcase", {"classname": entry["task"], "name": entry["task"], "time": "0"})
    skipped = _tag("skipped", {"message": entry["reason"]}, close=True)
    return _together(entry["task"], 0.0, [("skipped", f"    {case}{skipped}</testcase>")])


def _together(name: str, seconds: float, cases: Sequence[tuple[str, str]]) -> dict[str, Any]:
    counts = {word: sum(kind == word for kind, _text in cases) for word in ("failures", "skipped")}
    counts = {"tests": len(cases), **counts}
    head = _tag("testsuite", {"name": name, **counts, "time": _time(seconds)})
    lines = [f"  {head}", *(text for _kind, text in cases), "  </testsuite>"]
    return {**counts, "text": "\n".join(lines)}


def _tag(name: str, attributes: Mapping[str, Any], *, close: bool = False) -> str:
    told = " ".join(f"{key}={_attribute(str(value))}" for key, value in attributes.items())
    return f"<{name} {told}{'/' if close else ''}>"


def _text(text: str) -> str:
    return html.escape(_clean(text), quote=False)


def _attribute(text: str) -> str:
    """Line ends and tabs would become spaces when they are read."""
    told = html.escape(_clean(text))
    for sign in "\n\r\t":
        told = told.replace(sign, f"&#{ord(sign)};")
    return f'"{told}"'


def _clean(text: str) -> str:
    """Control characters and colours of a terminal have no place in XML."""
    return _NOT_XML.sub("", text)


def _time(seconds: Any) -> str:
    return f"{float(seconds or 0):.3f}"

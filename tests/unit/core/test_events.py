# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records follow the published schema and are clean before they are written."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.slipway.gitops.plugins.module_utils._core import redact
from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import VirtualClock
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Emitter, Event, Subject, file_writer

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "events.schema.json").read_text())


def test_a_record_has_the_fields_of_the_schema(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    emitter = Emitter([file_writer(str(file))], run="r1", clock=VirtualClock(5))
    emitter.emit(Subject("TaskRun", "ns", "n"), "Started", reason="R", message="m", data={"a": 1})
    record = json.loads(file.read_text())
    assert list(record) == SCHEMA["required"]
    assert record["phase"] in SCHEMA["properties"]["phase"]["enum"]
    assert oct(file.stat().st_mode)[-3:] == "600"


def test_numbers_rise_and_secrets_do_not_pass() -> None:
    redact.current.register("a-canary-value")
    seen: list[Event] = []
    emitter = Emitter([seen.append])
    for text in ("first", "second a-canary-value"):
        emitter.emit(Subject("Pod", "", "x"), "Log", message=text, data={"line": text})
    assert [event.seq for event in seen] == [1, 2]
    assert seen[1].message == f"second {redact.MASK}"
    assert seen[1].data == {"line": f"second {redact.MASK}"}

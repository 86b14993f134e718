# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes docs/events.schema.json from the code, or checks that it is up to date (--check)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs" / "events.schema.json"


def schema() -> dict[str, Any]:
    """Return the JSON schema of one line of events.jsonl."""
    from ansible_collections.slipway.gitops.plugins.module_utils._core.events import PHASES, SCHEMA_VERSION

    text: dict[str, Any] = {"type": "string"}
    subject = {"kind": text, "namespace": text, "name": text}
    properties = {
        "version": {"const": SCHEMA_VERSION},
        "seq": {
            "type": "integer",
            "minimum": 1,
            "description": "rises by one within the process that wrote the record",
        },
        "time": {"type": "number", "description": "unix seconds, UTC"},
        "run": {**text, "description": "id of the run; empty outside the runner"},
        "subject": {"type": "object", "required": list(subject), "properties": subject, "additionalProperties": False},
        "phase": {"enum": list(PHASES)},
        "reason": {**text, "description": "one CamelCase word for programs"},
        "message": {**text, "description": "one sentence for people"},
        "data": {"type": "object", "description": "facts that depend on the subject"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "slipway event",
        "description": "One line of events.jsonl. The same records are shown live and replayed.",
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def main(arguments: list[str]) -> int:
    text = json.dumps(schema(), indent=2) + "\n"
    if "--check" not in arguments:
        FILE.write_text(text)
        return 0
    if FILE.is_file() and FILE.read_text() == text:
        return 0
    print("docs/events.schema.json is not what the code says: run tests/tools/schemas.py")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

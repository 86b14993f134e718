# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON schema of one line of events.jsonl, versioned; published as docs/events.schema.json."""

from __future__ import annotations

import json
from typing import Any

from slipway.core import PHASES, SCHEMA_VERSION

_TEXT = {"type": "string"}


def schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "slipway event",
        "description": "One line of a run's events.jsonl.",
        "type": "object",
        "required": ["version", "seq", "time", "run", "subject", "phase", "reason", "message", "data"],
        "additionalProperties": False,
        "properties": _properties(),
    }


def text() -> str:
    """Return the published file's text."""
    return json.dumps(schema(), indent=2) + "\n"


def _properties() -> dict[str, Any]:
    return {
        "version": {"const": SCHEMA_VERSION},
        "seq": {
            "type": "integer",
            "minimum": 1,
            "description": "Rises by one per line once the run has ended; before that the line's own number counts.",
        },
        "time": {"type": "number", "description": "Unix seconds."},
        "run": {**_TEXT, "description": "Id of the run, empty outside of one."},
        "subject": {
            "type": "object",
            "required": ["kind", "namespace", "name"],
            "additionalProperties": False,
            "properties": {"kind": _TEXT, "namespace": _TEXT, "name": _TEXT},
        },
        "phase": {"enum": list(PHASES)},
        "reason": {**_TEXT, "description": "A CamelCase word for programs, or empty."},
        "message": {**_TEXT, "description": "A sentence for people, free of secrets."},
        "data": {"type": "object", "description": "What else is known; keys depend on the subject's kind."},
    }

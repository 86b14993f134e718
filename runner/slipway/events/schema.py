# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JSON schema of one line of events.jsonl, versioned; published as docs/events.schema.json."""

from __future__ import annotations

import json
from typing import Any

from slipway.core import PHASES, SCHEMA_VERSION

_TEXT: dict[str, Any] = {"type": "string"}


def schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12)."""
    properties = _properties()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "slipway event",
        "description": "One line of events.jsonl. The same records are shown live and replayed.",
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def text() -> str:
    """Return the published file's text."""
    return json.dumps(schema(), indent=2) + "\n"


def _properties() -> dict[str, Any]:
    subject = {"kind": _TEXT, "namespace": _TEXT, "name": _TEXT}
    return {
        "version": {"const": SCHEMA_VERSION},
        "seq": {
            "type": "integer",
            "minimum": 1,
            "description": "rises by one within the process that wrote the record",
        },
        "time": {"type": "number", "description": "unix seconds, UTC"},
        "run": {**_TEXT, "description": "id of the run; empty outside the runner"},
        "subject": {"type": "object", "required": list(subject), "properties": subject, "additionalProperties": False},
        "phase": {"enum": list(PHASES)},
        "reason": {**_TEXT, "description": "one CamelCase word for programs"},
        "message": {**_TEXT, "description": "one sentence for people"},
        "data": {"type": "object", "description": "facts that depend on the subject"},
    }

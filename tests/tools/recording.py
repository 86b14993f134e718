# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the output of a real demo into the picture of the README: `make demo | recording.py docs/demo.svg`.

Only lines are left out, none is changed: those of steps and of the playbook's own tasks.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

KEPT = re.compile(
    r"git push ─|Tasks Completed|pushed |Committed|kustomization\.yaml|weight \d|Degraded|AnalysisRun|: Healthy"
    r"|^[┏┃┡│└]|^Phases|^From commit|^bad:|^result:"
)
DROPPED = re.compile(r": slipway show|Stop where|run 20|failed +Deliver")
COLOURS = {"succeeded": "green", "changed": "yellow", "failed": "red", "progress": "cyan"}


def main(target: str) -> int:
    console = Console(record=True, width=124, file=open("/dev/null", "w", encoding="utf-8"))  # noqa: SIM115
    for line in sys.stdin.read().splitlines():
        if KEPT.search(line) and not DROPPED.search(line):
            console.print(_coloured(line))
    Path(target).write_text(console.export_svg(title="make demo"), encoding="utf-8")
    return 0


def _coloured(line: str) -> Text:
    text = Text(line[:122])
    for word, colour in COLOURS.items():
        if re.search(rf"^\d\d:\d\d:\d\d  {word}", line):
            text.stylize(colour)
    if "─" in line and "push" in line:
        text.stylize("bold")
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

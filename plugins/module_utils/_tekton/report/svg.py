# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The DAG of a pipeline as SVG: tasks in columns, what each waits for as lines, finally tasks apart.

Pure: a plan and a report in, text out. One file without scripts or fonts; it follows the reader's light or dark mode.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from .layout import Layout, Spot, layout
from .states import State, states

_WIDTH, _HEIGHT = 190, 54  # of a task
_GAP_X, _GAP_Y = 56, 18
_MARGIN, _TOP = 24, 74
_LETTERS = 19  # that fit into a task at 14 px

_STYLE = """
  svg { --back: #ffffff; --card: #f6f8fa; --line: #8c959f; --ink: #1f2328; --soft: #59636e;
        --ok: #1a7f37; --bad: #cf222e; --off: #8c959f; --go: #0969da; --odd: #9a6700; }
  @media (prefers-color-scheme: dark) {
    svg { --back: #0d1117; --card: #161b22; --line: #6e7681; --ink: #e6edf3; --soft: #9198a1;
          --ok: #3fb950; --bad: #f85149; --off: #6e7681; --go: #58a6ff; --odd: #d29922; } }
  text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--ink); font-size: 14px; }
  .soft { fill: var(--soft); font-size: 12px; }
  .head { font-size: 17px; font-weight: 600; }
  .back { fill: var(--back); }
  .card { fill: var(--card); stroke: var(--line); }
  .edge { fill: none; stroke: var(--line); stroke-width: 1.5; }
  .arrow { fill: var(--line); }
  .apart { fill: none; stroke: var(--line); stroke-dasharray: 5 5; }
  .ok { fill: var(--ok); } .bad { fill: var(--bad); } .off { fill: var(--off); } .go { fill: var(--go); } .odd { fill: var(--odd); }
"""


def svg(plan: Sequence[Mapping[str, Any]], report: Mapping[str, Any] | None = None, title: str = "") -> str:
    """Return the drawing of a plan (rows of `explain`), with states and times when there is a report.

    `report` has the keys of pipeline_run's result. A TaskRun has no plan: its steps are drawn in a row.
    """
    found = states(plan, report or {})
    rows = plan or _steps(report or {})
    graph, final = layout([row for row in rows if not row.get("final")]), [row for row in rows if row.get("final")]
    width, height = _size(graph, len(final))
    told = (report or {}).get("status", "")
    took = f"{told} in {float((report or {}).get('seconds') or 0):.1f} s" if told else "plan"
    tasks = {str(row["task"]): row for row in rows}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{_attribute(title)}">',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="arrow" d="M0 0 L8 4 L0 8 z"/></marker></defs>',
        f'<rect class="back" width="{width}" height="{height}" rx="10"/>',
        f'<text class="head" x="{_MARGIN}" y="32">{escape(title)}</text>',
        f'<text class="soft" x="{_MARGIN}" y="52">{escape(took)}</text>',
        *(_edge(points) for points in graph.edges),
        *(_task(tasks[name], found[name], *_corner(spot)) for name, spot in graph.tasks.items()),
        *_finals(final, found, graph),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _steps(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    runs = report.get("task_runs") or []
    names = [str(step["name"]) for step in runs[0]["steps"]] if runs else []
    return [
        {"wave": index, "task": name, "after": names[index - 1 : index] if index else [], "runs": "step"}
        for index, name in enumerate(names)
    ]


def _size(graph: Layout, finals: int) -> tuple[int, int]:
    columns = max(graph.columns, 1) + (1 if finals else 0)
    rows = max(graph.rows, finals, 1)
    width = 2 * _MARGIN + columns * _WIDTH + (columns - 1) * _GAP_X + (_MARGIN if finals else 0)
    return max(width, 320), _TOP + rows * (_HEIGHT + _GAP_Y) + _MARGIN


def _corner(spot: Spot) -> tuple[float, float]:
    return _MARGIN + spot.column * (_WIDTH + _GAP_X), _TOP + spot.row * (_HEIGHT + _GAP_Y)


def _edge(points: Sequence[Spot]) -> str:
    """Draw a curve from the right side of the first task to the left side of the last one."""
    x, y = _corner(points[0])
    x, y = x + _WIDTH, y + _HEIGHT / 2
    path = [f"M{x:g} {y:g}"]
    for index, point in enumerate(points[1:], start=1):
        left, top = _corner(point)
        middle, last = top + _HEIGHT / 2, index == len(points) - 1
        half = (left - x) / 2
        path.append(f"C{x + half:g} {y:g} {left - half:g} {middle:g} {left - (2 if last else 0):g} {middle:g}")
        x, y = left, middle
        if not last:  # straight through the column, where a task would stand
            x = left + _WIDTH
            path.append(f"L{x:g} {y:g}")
    return f'<path class="edge" marker-end="url(#tip)" d="{" ".join(path)}"/>'


def _task(row: Mapping[str, Any], state: State, x: float, y: float) -> str:
    name = str(row["task"])
    shown = name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…"
    tip = "\n".join([name, str(row.get("runs", "")), *(row.get("why") or []), *(row.get("when") or []), state.detail])
    return (
        f'<g transform="translate({x:g} {y:g})"><title>{escape(tip.strip())}</title>'
        f'<rect class="card" width="{_WIDTH}" height="{_HEIGHT}" rx="7"/>'
        f'<rect class="{state.colour}" width="6" height="{_HEIGHT}" rx="3"/>'
        f'<text x="18" y="23">{escape(shown)}</text>'
        f'<text class="{state.colour}" x="{_WIDTH - 24}" y="24" font-size="15">{state.sign}</text>'
        f'<text class="soft" x="18" y="42">{escape(state.text or str(row.get("runs", "")))}</text></g>'
    )


def _finals(rows: Sequence[Mapping[str, Any]], found: Mapping[str, State], graph: Layout) -> list[str]:
    """Finally tasks stand in a frame of their own: they run after all others, whatever became of those."""
    if not rows:
        return []
    x = _MARGIN + max(graph.columns, 1) * (_WIDTH + _GAP_X) + _MARGIN / 2
    height = len(rows) * (_HEIGHT + _GAP_Y)
    top = _TOP + (max(graph.rows, len(rows)) - len(rows)) / 2 * (_HEIGHT + _GAP_Y)
    frame = (
        f'<rect class="apart" x="{x - 14:g}" y="{top - 24:g}" width="{_WIDTH + 28}" height="{height + 18:g}" rx="9"/>'
    )
    label = f'<text class="soft" x="{x:g}" y="{top - 8:g}">finally</text>'
    return [frame, label, *(
        _task(row, found[str(row["task"])], x, top + index * (_HEIGHT + _GAP_Y)) for index, row in enumerate(rows)
    )]  # fmt: skip


def _attribute(text: str) -> str:
    return escape(text)

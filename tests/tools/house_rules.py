# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""House rules that a program can see: sizes, licence lines, what an engine may import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARK = "SPDX-License-" + "Identifier:"
MOST_LINES = 400
MOST_FUNCTION_LINES = 60
DOCUMENTATION = {"DOCUMENTATION", "EXAMPLES", "RETURN"}


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    return [ROOT / name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


def findings(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    if not text:
        return
    yield from licence(path, text)
    tree = ast.parse(text)
    lines = len(text.splitlines()) - sum(_documentation(node) for node in tree.body)
    if lines > MOST_LINES:
        yield f"{lines} lines without its documentation ({MOST_LINES} is the end)"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > MOST_FUNCTION_LINES:
                yield f"line {node.lineno}: {node.name} has {length} lines ({MOST_FUNCTION_LINES} is the end)"
        if isinstance(node, ast.Import | ast.ImportFrom) and "module_utils" in path.parts:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            if any(name.split(".")[0] == "ansible" for name in names):
                yield f"line {node.lineno}: engines know nothing of Ansible"
    if not ast.get_docstring(tree) and "plugins" in path.parts and path.name != "__init__.py":
        yield "has no module docstring" if not _is_module(path) else ""


def licence(path: Path, text: str) -> Iterator[str]:
    wanted = "BSD-2-Clause" if "module_utils" in path.parts else "GPL-3.0-or-later"
    head = "\n".join(text.splitlines()[:8])
    if "examples" in path.parts or "fixtures" in path.parts:
        return
    if f"{MARK} {wanted}" not in head:
        yield f"lacks its line {MARK} {wanted}"


def _is_module(path: Path) -> bool:
    return path.parent.name in ("modules", "lookup")


def _documentation(node: ast.stmt) -> int:
    if isinstance(node, ast.Assign) and any(getattr(t, "id", "") in DOCUMENTATION for t in node.targets):
        return (node.end_lineno or 0) - node.lineno + 1
    return 0


def main() -> int:
    bad = 0
    for path in tracked():
        if path.suffix != ".py":
            continue
        for finding in filter(None, findings(path)):
            print(f"{path.relative_to(ROOT)}: {finding}")
            bad += 1
    print(f"house rules: {bad} findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

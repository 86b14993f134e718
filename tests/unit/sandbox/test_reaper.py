# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is left of a process that was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

PARENT = """
import sys
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox import process
for path in sys.argv[1:]:
    process.remove_if_we_die(path)
process.removed(sys.argv[2])
print("ready", flush=True)
sys.stdin.read()
"""


def test_noted_directories_go_with_a_killed_process_and_others_stay(tmp_path: Path) -> None:
    gone, kept = tmp_path / "secrets", tmp_path / "kept"
    for folder in (gone, kept):
        folder.mkdir()
        (folder / "file").write_text("text")
    line = [sys.executable, "-c", PARENT, str(gone), str(kept)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while gone.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (gone.exists(), kept.exists()) == (False, True)

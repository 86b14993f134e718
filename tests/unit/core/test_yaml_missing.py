# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A managed host need not have PyYAML: the modules import there, and say what is missing when they need it."""

from __future__ import annotations

import subprocess
import sys

PROBE = """
import sys
sys.modules["yaml"] = None
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Permanent
from ansible_collections.slipway.gitops.plugins.module_utils._kube import source
try:
    source.load({"src": [], "definition": "kind: x"}, str)
except Permanent as error:
    print(error)
"""


def test_a_missing_library_is_named_with_what_to_do() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "PyYAML is not installed" in done.stdout
    assert "install it on the host where the task runs" in done.stdout

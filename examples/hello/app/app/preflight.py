# Copyright: (c) 2026, slipway contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What must hold before a release is applied: the settings can be read and name a version."""

import sys

from server import load_settings

version = load_settings().get("version")
if not version:
    sys.exit("settings.json names no version")
print(f"preflight of {version}: ok")

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line: one file per command, loaded when it is called. `main` is the entry point."""

from __future__ import annotations

from slipway.cli._boundary import main

__all__ = ["main"]

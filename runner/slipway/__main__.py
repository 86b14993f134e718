# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`python -m slipway` is the command `slipway`."""

from __future__ import annotations

from slipway.cli import main

if __name__ == "__main__":
    main()

# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a module does whose work is done by the action plugin of the same name.

It is reached only when the action did not run, so it says how to make it run.
"""

from __future__ import annotations

from typing import Any


def stub(module: Any) -> None:
    """Fail with the remedy. `module` is an AnsibleModule."""
    module.fail_json(
        msg="this module runs as an action plugin on the controller and was started on a remote host",
        failure={
            "reason": "Refused",
            "message": "runs on the controller only",
            "object": "",
            "hint": "add delegate_to: localhost to the task",
        },
    )

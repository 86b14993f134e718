# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits until an Application is synced and healthy. The documentation is in the module of the same name."""

from __future__ import annotations

import time
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Permanent, TimedOut
from ansible_collections.slipway.gitops.plugins.module_utils._gitops import api
from ansible_collections.slipway.gitops.plugins.module_utils._spec.app import APP_WAIT_SPEC
from ansible_collections.slipway.gitops.plugins.plugin_utils._action import Result
from ansible_collections.slipway.gitops.plugins.plugin_utils._app import AppAction

_LOOK = 1.0


class ActionModule(AppAction):
    """Return as soon as the Application is well; fail early when it is Degraded."""

    SPEC = APP_WAIT_SPEC

    def perform(self, options: dict[str, Any]) -> Result:
        application, wanted = self.application(options), self.engine_options(options)
        deadline = time.monotonic() + options["wait_timeout"]
        with self.client(options) as client:
            while True:
                found = api.info(application, client, wanted)
                data = {"application": found}
                if found["sync"] == "Synced" and found["health"] == "Healthy":
                    return Result(data=data)
                text = f"is {found['sync']} and {found['health']}"
                who = f"Application {application.namespace}/{application.name}"
                if found["health"] == "Degraded":
                    return Result(data=data, failure=Permanent(text, obj=who, reason="Degraded"))
                if time.monotonic() > deadline:
                    return Result(data=data, failure=TimedOut(text, obj=who, hint="raise wait_timeout"))
                self.cancel.check()
                self.cancel.wait(_LOOK)

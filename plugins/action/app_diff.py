# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows what a sync would change. The documentation is in the module of the same name."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._gitops import api
from ansible_collections.slipway.gitops.plugins.module_utils._spec.app import APP_SPEC
from ansible_collections.slipway.gitops.plugins.plugin_utils._action import Result
from ansible_collections.slipway.gitops.plugins.plugin_utils._app import AppAction


class ActionModule(AppAction):
    """Compare Git and the cluster."""

    SPEC = APP_SPEC

    def perform(self, options: dict[str, Any]) -> Result:
        application = self.application(options)
        with self.client(options) as client:
            seen, records = api.diff(application, client, self.engine_options(options))
        failure = next((resource.error for resource in seen.resources if resource.error), None)
        different = [record["after_header"] for record in records]
        data = {"sync_status": seen.sync_status, "revision": seen.tree.commit, "differing": different}
        return Result(changed=bool(records), data=data, diff=list(records), failure=failure)

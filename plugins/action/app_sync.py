# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Syncs an Application. The documentation is in the module of the same name."""

from __future__ import annotations

import os
import socket
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._gitops import api
from ansible_collections.slipway.gitops.plugins.module_utils._kube.lease import Lease
from ansible_collections.slipway.gitops.plugins.module_utils._spec.app import APP_SYNC_SPEC
from ansible_collections.slipway.gitops.plugins.plugin_utils._action import Result
from ansible_collections.slipway.gitops.plugins.plugin_utils._app import AppAction


class ActionModule(AppAction):
    """Bring the cluster to what Git wants."""

    SPEC = APP_SYNC_SPEC

    def perform(self, options: dict[str, Any]) -> Result:
        application, wanted = self.application(options), self.engine_options(options)
        with self.client(options) as client:
            if self.check_mode:
                seen, records = api.diff(application, client, wanted)
                summary = {"status": seen.sync_status, "revision": seen.tree.commit}
                return Result(changed=bool(records), data={"sync": summary}, diff=list(records))
            holder = f"{socket.gethostname()}-{os.getpid()}"
            with Lease(client, application.namespace, f"slipway-app-{application.name}", holder) as lease:
                done = api.sync(application, client, wanted, self.events, self.cancel, lease.check)
        data = {"sync": done.sync, "resources": done.resources, "rollouts": done.rollouts}
        return Result(changed=done.changed, data=data, failure=done.failure)

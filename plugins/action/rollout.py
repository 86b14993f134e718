# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drives a Rollout. The documentation is in the module of the same name."""

from __future__ import annotations

import os
import socket
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._kube.lease import Lease
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts import api
from ansible_collections.slipway.gitops.plugins.module_utils._spec.rollout import ROLLOUT_SPEC
from ansible_collections.slipway.gitops.plugins.plugin_utils._action import GitOpsAction, Result


class ActionModule(GitOpsAction):
    """Take a Rollout to its end."""

    SPEC = ROLLOUT_SPEC

    def perform(self, options: dict[str, Any]) -> Result:
        documents = self.load(options)
        with self.client(options) as client:
            wanted = self._wanted(options, client.namespace)
            if self.check_mode:
                return Result(changed=True, data=api.plan(client, documents, wanted))
            holder = f"{socket.gethostname()}-{os.getpid()}"
            with Lease(client, wanted.namespace, f"slipway-rollout-{wanted.name}", holder) as lease:
                done = api.run(client, documents, wanted, self.events, self.cancel, lease.check)
        return Result(changed=done.changed, data=done.data, failure=done.failure)

    @staticmethod
    def _wanted(options: dict[str, Any], namespace: str) -> api.Options:
        return api.Options(
            name=options["name"],
            namespace=options["namespace"] or namespace,
            timeout=options["wait_timeout"],
            http_proxy=options["http_proxy"] or os.environ.get("SLIPWAY_HTTP_PROXY", ""),
            wait_for_scale_down=options["wait_for_scale_down"],
            stop_at_pause=options["stop_at_pause"],
            fail_on_degraded=options["fail_on_degraded"],
        )

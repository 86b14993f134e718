# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says how a Rollout stands. The documentation is in the module of the same name."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._rollouts import api
from ansible_collections.slipway.gitops.plugins.module_utils._spec.rollout import ROLLOUT_INFO_SPEC
from ansible_collections.slipway.gitops.plugins.plugin_utils._action import GitOpsAction, Result


class ActionModule(GitOpsAction):
    """Return phase, step, weights and hashes."""

    SPEC = ROLLOUT_INFO_SPEC

    def perform(self, options: dict[str, Any]) -> Result:
        with self.client(options) as client:
            namespace = options["namespace"] or client.namespace
            return Result(data={"rollout": api.info(client, api.Options(options["name"], namespace))})

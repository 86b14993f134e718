# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applies manifests. The documentation is in the module of the same name, which does the same on remote hosts."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._kube import task
from ansible_collections.slipway.gitops.plugins.module_utils._spec.apply import APPLY_CONSTRAINTS, APPLY_SPEC
from ansible_collections.slipway.gitops.plugins.plugin_utils._action import GitOpsAction, Result
from ansible_collections.slipway.gitops.plugins.plugin_utils._source import place_of


class ActionModule(GitOpsAction):
    """Applies manifests on the controller, without a module's start."""

    SPEC = APPLY_SPEC
    CONSTRAINTS = APPLY_CONSTRAINTS
    REMOTE_MODULE = "slipway.gitops.apply"

    def perform(self, options: dict[str, Any]) -> Result:
        documents = self.load(options)
        objects = [document.data for document in documents]
        mode = task.Mode(self.check_mode, self.diff_mode, self.events, self.cancel)
        with self.client(options) as client:
            done = task.apply_task(client, objects, options, mode)
        if done.failure and done.failure.at is None:
            done.failure.at = place_of(documents, done.failure.obj)
        return Result(done.changed, done.data, list(done.diff), done.failure)

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renders an Application. The documentation is in the module of the same name."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._gitops import api
from ansible_collections.slipway.gitops.plugins.module_utils._spec.app import APP_SPEC
from ansible_collections.slipway.gitops.plugins.plugin_utils._action import Result
from ansible_collections.slipway.gitops.plugins.plugin_utils._app import AppAction


class ActionModule(AppAction):
    """Return the objects that Git wants."""

    SPEC = APP_SPEC

    def perform(self, options: dict[str, Any]) -> Result:
        with self.client(options) as client:
            return Result(
                data={"manifests": api.render(self.application(options), client, self.engine_options(options))}
            )

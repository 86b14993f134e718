# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the app_* actions share: choosing the Application, options for the engine."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._git.command import Credentials
from ansible_collections.slipway.gitops.plugins.module_utils._gitops import api
from ansible_collections.slipway.gitops.plugins.plugin_utils._action import GitOpsAction


class AppAction(GitOpsAction):
    """Base of the actions on one Application."""

    def application(self, options: dict[str, Any]) -> api.Application:
        """Return the Application that O(name) names among the given objects; the only one without it."""
        found = api.applications(self.load(options))
        name = options["name"] or (next(iter(found)) if len(found) == 1 else "")
        if name not in found:
            there = ", ".join(sorted(found)) or "none"
            text = f"names an Application that is not given: {name!r}" if name else "is needed"
            raise Invalid("name", text, hint=f"Applications given: {there}")
        for warning in found[name].warnings:
            self.warn(warning)
        return found[name]

    @staticmethod
    def engine_options(options: dict[str, Any]) -> api.Options:
        """Return the engine's options."""
        return api.Options(
            revision=options["revision"],
            prune=bool(options.get("prune")),
            wait=bool(options.get("wait", True)),
            timeout=float(options.get("wait_timeout") or 600.0),
            credentials=Credentials(options["git_username"] or "", options["git_password"] or ""),
        )

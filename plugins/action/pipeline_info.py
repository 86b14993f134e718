# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says what is known of pipeline runs. The documentation is in the module of the same name."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._spec.pipeline import (
    PIPELINE_INFO_CONSTRAINTS,
    PIPELINE_INFO_SPEC,
)
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from ansible_collections.slipway.gitops.plugins.plugin_utils._action import GitOpsAction, Result


class ActionModule(GitOpsAction):
    """Return the kept runs; with a name, everything that is known of that one."""

    SPEC = PIPELINE_INFO_SPEC
    CONSTRAINTS = PIPELINE_INFO_CONSTRAINTS

    def perform(self, options: dict[str, Any]) -> Result:
        wanted = api.Wanted(
            name=options["name"] or "",
            kind=options["kind"] or "",
            status=options["status"] or "",
            target=options["pipeline"] or options["task"] or "",
            labels={str(key): str(value) for key, value in options["labels"].items()},
            limit=options["limit"],
        )
        state_dir = options["state_dir"] or ""
        runs = api.runs(state_dir, wanted)
        if options["name"] or options["logs"]:
            runs = [api.report(run["name"], state_dir, logs=options["logs"]) for run in runs]
        return Result(data={"runs": runs})

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Executes a Tekton Pipeline. The documentation is in the module of the same name."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._spec.pipeline import PIPELINE_RUN_SPEC
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from ansible_collections.slipway.gitops.plugins.plugin_utils import _pipeline
from ansible_collections.slipway.gitops.plugins.plugin_utils._action import GitOpsAction, Result


class ActionModule(GitOpsAction):
    """Run a PipelineRun to its end."""

    SPEC = PIPELINE_RUN_SPEC

    def perform(self, options: dict[str, Any]) -> Result:
        bundle = api.parse(self.load(options))
        run = _pipeline.choose(bundle, options["pipeline_run"], "PipelineRun", "pipeline_run")
        engine = _pipeline.engine_options(options, self)
        if self.check_mode:
            bundle = api.with_resolvers(bundle, run, engine, self.cancel, self.events)
            plan, resolved = api.explain(bundle, run), api.resolve_all(bundle, run)
            lint = _pipeline.linted(bundle, self.events)
            return Result(changed=True, data={"plan": plan, "resolved": resolved, "lint": lint})
        report = api.run_pipeline(bundle, run, engine, self.events, self.cancel)
        _pipeline.write_files(report, options)
        return _pipeline.result(report, "PipelineRun")

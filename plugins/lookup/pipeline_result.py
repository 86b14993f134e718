# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lookup of results of pipeline runs."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pipeline_result
author: slipway contributors (@slipway-gitops)
version_added: 0.1.0
short_description: Read results of a pipeline run
description:
  - Returns one result, or all results, of an ended PipelineRun or TaskRun that M(slipway.gitops.pipeline_run) or
    M(slipway.gitops.task_run) executed, also in another play.
  - It is an error when there is no such run, when it has not ended, and when it has no result of that name.
options:
  _terms:
    description: Names of runs.
    type: list
    elements: str
    required: true
  result:
    description: Name of the result. All results by name when not given.
    type: str
    default: ''
  state_dir:
    description:
      - Where runs keep their state.
      - The folder of the runner when not given, else C(~/.local/state/slipway/pipelines).
    type: path
"""

EXAMPLES = r"""
- name: Show the build id of a run
  ansible.builtin.debug:
    msg: "{{ lookup('slipway.gitops.pipeline_result', 'source-to-image-1', result='buildId') }}"

- name: Show all results of a run
  ansible.builtin.debug:
    msg: "{{ lookup('slipway.gitops.pipeline_result', 'source-to-image-1') }}"
"""

RETURN = r"""
_list:
  description: For each run the value of the result, or a mapping of all results.
  type: list
  elements: raw
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api


class LookupModule(LookupBase):
    """Reads results."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """Return what the runs that `terms` name have as results."""
        self.set_options(var_options=variables, direct=kwargs)
        wanted, state_dir = str(self.get_option("result") or ""), str(self.get_option("state_dir") or "")
        try:
            return [api.result(str(name), wanted, state_dir) for name in terms]
        except SlipwayError as error:
            raise AnsibleLookupError(f"pipeline_result: {error}") from error

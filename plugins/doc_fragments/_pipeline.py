# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of pipeline_run and task_run. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment of the options that both have."""

    DOCUMENTATION = r"""
options:
  params:
    description: Values of params, over those of the run.
    type: dict
    default: {}
  claims:
    description:
      - Directories of this machine for PersistentVolumeClaims, by claim name.
      - A claim without a directory is refused before anything runs. A C(volumeClaimTemplate) needs none.
    type: dict
    default: {}
  service_accounts:
    description:
      - Kubeconfig files for ServiceAccounts, by name of the account.
      - The steps of a task find that of their account through E(KUBECONFIG). Steps of other accounts find none.
    type: dict
    default: {}
  namespace:
    description: Namespace that the run reports.
    type: str
    default: default
  executor:
    description: What executes the steps. V(process) runs them as sandboxed processes of the controller.
    type: str
    choices:
      - process
    default: process
  image_map:
    description:
      - What images of steps mean on this machine, before the built-in list, as C({image, toolset, entrypoint}).
      - C(image) is a glob, C(toolset) is V(host), V(busybox) or V(kaniko), C(entrypoint) is a list.
      - An image that nothing maps is refused.
    type: list
    elements: dict
    default: []
  step_env:
    description: Variables for every step. Steps get no other variables of the controller.
    type: dict
    default: {}
  state_dir:
    description:
      - Where runs keep their state and logs, one folder per run.
      - The folder of the runner when not given, else C(~/.local/state/slipway/pipelines).
    type: path
  concurrency:
    description:
      - Keeps runs of one group apart, also those of other plays and of the runner that share O(state_dir).
      - A run that waits or runs holds its place until its process ends, however it ends.
    type: dict
    suboptions:
      group:
        description: Name of the group.
        type: str
        required: true
      limit:
        description: How many runs of the group may go on at once.
        type: int
        default: 1
      policy:
        description:
          - What the run does when the group is full. V(queue) waits for its turn, first in, first out.
          - V(cancel) gives up, V(supersede) asks all older runs of the group to stop and waits for that.
        type: str
        choices:
          - queue
          - cancel
          - supersede
        default: queue
  force:
    description: Run again although a run of that name has finished, or has another spec.
    type: bool
    default: false
"""

# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_info
author: slipway contributors (@slipway-gitops)
version_added: 0.1.0
short_description: Say how an Argo Rollouts Rollout stands
description:
  - Returns phase, step, weight and hashes of a live Rollout.
extends_documentation_fragment:
  - slipway.gitops._attributes
  - slipway.gitops._attributes.k8s
  - slipway.gitops._auth
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  action: {}
  async: {}
  action_group: {}
options:
  name:
    description: Name of the Rollout.
    type: str
    required: true
  namespace:
    description: Its namespace; that of the kubeconfig's context when not given.
    type: str
"""

EXAMPLES = r"""
- name: Look at the rollout
  slipway.gitops.rollout_info:
    name: hello
    namespace: hello
  register: hello
"""

RETURN = r"""
rollout:
  description: The state of the Rollout.
  type: dict
  returned: success
  contains:
    phase:
      description: V(Healthy), V(Degraded), V(Paused) or V(Progressing).
      type: str
    message:
      description: Why, in one line.
      type: str
    step_index:
      description: Index of the current step.
      type: int
    steps:
      description: All steps.
      type: list
      elements: dict
    stable_hash:
      description: Hash of the stable ReplicaSet.
      type: str
    current_hash:
      description: Hash of the template.
      type: str
    weight:
      description: Share of traffic of the canary.
      type: int
    aborted:
      description: Whether the rollout was aborted.
      type: bool
    replicas:
      description: Counts of pods.
      type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.slipway.gitops.plugins.module_utils._spec.rollout import ROLLOUT_INFO_SPEC
from ansible_collections.slipway.gitops.plugins.module_utils._spec.stub import stub


def main() -> None:
    stub(AnsibleModule(argument_spec=ROLLOUT_INFO_SPEC, supports_check_mode=True))


if __name__ == "__main__":
    main()

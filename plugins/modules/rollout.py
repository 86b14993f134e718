# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout
author: slipway contributors (@slipway-gitops)
version_added: 0.1.0
short_description: Take an Argo Rollouts Rollout to its end
description:
  - Executes the canary or blue-green update of a Rollout natively. It makes ReplicaSets, selectors of Services and
    weights of an Istio VirtualService, and takes analyses with their measurements.
  - No Argo Rollouts controller is needed, and none may own the Rollout at the same time.
  - A first deployment runs no steps. A failed analysis aborts, so that the weight returns to 0 and the old version stays.
  - The state is in the status of the Rollout, or in a Secret where the kind is unknown, so that a killed run resumes.
notes:
  - C(workloadRef) and traffic routers other than Istio are refused.
extends_documentation_fragment:
  - slipway.gitops._attributes
  - slipway.gitops._attributes.k8s
  - slipway.gitops._source
  - slipway.gitops._auth
attributes:
  check_mode:
    support: full
    details:
      - Returns the steps that are left.
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
  wait_timeout:
    description: Seconds to wait at most.
    type: float
    default: 3600.0
  wait_for_scale_down:
    description: Whether to wait until the old ReplicaSets are drained.
    type: bool
    default: true
  stop_at_pause:
    description: Whether to return at a pause without a duration. Otherwise it is waited until somebody promotes.
    type: bool
    default: true
  fail_on_degraded:
    description: Whether an aborted or degraded rollout is a failure of the task.
    type: bool
    default: true
  http_proxy:
    description:
      - Forward proxy for metrics over plain HTTP, such as the gateway of the embedded cluster.
      - The variable E(SLIPWAY_HTTP_PROXY) when not given. Never used for HTTPS.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Follow the rollout to its end
  slipway.gitops.rollout:
    name: hello
    namespace: hello
  register: rollout

- name: Show how the weights went
  ansible.builtin.debug:
    var: rollout.weights
"""

RETURN = r"""
name:
  description: Name of the Rollout.
  type: str
  returned: success
namespace:
  description: Its namespace.
  type: str
  returned: success
phase:
  description: V(Healthy), V(Degraded), V(Paused) or V(Progressing).
  type: str
  returned: success
  sample: Healthy
message:
  description: Why, in one line.
  type: str
  returned: success
weights:
  description:
    - Every weight of the canary that was written, in order.
    - The weight in force when none was written, nothing without traffic routing.
  type: list
  elements: int
  returned: success
  sample: [20, 50, 80, 100, 0]
analysis:
  description: Phase of the worst analysis of this run, nothing when none was taken.
  type: str
  returned: success
  sample: Successful
stable_hash:
  description: Hash of the stable ReplicaSet.
  type: str
  returned: success
current_hash:
  description: Hash of the Rollout's template.
  type: str
  returned: success
step_index:
  description: Index of the current step.
  type: int
  returned: success
aborted:
  description: Whether the rollout was aborted.
  type: bool
  returned: success
seconds:
  description: How long it took.
  type: float
  returned: success
  sample: 9.8
steps:
  description: In check mode, the steps that are left.
  type: list
  elements: dict
  returned: in check mode
emulates:
  description: The release of Argo Rollouts whose behaviour is executed.
  type: str
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.slipway.gitops.plugins.module_utils._spec.rollout import ROLLOUT_SPEC
from ansible_collections.slipway.gitops.plugins.module_utils._spec.stub import stub


def main() -> None:
    stub(AnsibleModule(argument_spec=ROLLOUT_SPEC, supports_check_mode=True))


if __name__ == "__main__":
    main()

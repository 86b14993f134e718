# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: app_sync
author: slipway contributors (@slipway-gitops)
version_added: 0.1.0
short_description: Sync an Argo CD Application natively
description:
  - Renders the source, applies it server-side in phases and waves with hooks, tracks, prunes and waits for health.
  - No Argo CD is needed in the cluster.
  - A Rollout is applied but not awaited. Its end is the work of M(slipway.gitops.rollout); RV(rollouts) names it.
extends_documentation_fragment:
  - slipway.gitops._attributes
  - slipway.gitops._attributes.k8s
  - slipway.gitops._source
  - slipway.gitops._app
  - slipway.gitops._auth
attributes:
  check_mode:
    support: full
    details:
      - Returns the difference and changes nothing.
  diff_mode:
    support: full
  action: {}
  async: {}
  action_group: {}
options:
  wait_timeout:
    description: Seconds to wait at most, for everything together.
    type: float
    default: 600.0
  wait:
    description: Whether to wait for the health of the last wave too. Waves before it and hooks are always awaited.
    type: bool
    default: true
  prune:
    description: Whether to delete objects that the application tracks and Git does not hold any more.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Sync the application
  slipway.gitops.app_sync:
    src:
      - application.yaml
    prune: true
  register: hello

- name: Follow its rollouts
  slipway.gitops.rollout:
    name: "{{ item.name }}"
    namespace: "{{ item.namespace }}"
  loop: "{{ hello.rollouts }}"
"""

RETURN = r"""
sync:
  description: status, health, revision, phase and message of the sync.
  type: dict
  returned: when the sync was tried
  sample:
    status: Synced
    health: Healthy
    revision: 5f2a8c0e6d1b4f3a9c7e8d2b1a0f9e8d7c6b5a4f
    phase: Succeeded
    message: successfully synced (all tasks run)
resources:
  description: What was done with each object.
  type: list
  elements: dict
  returned: when the sync was tried
rollouts:
  description: Namespace and name of the Rollouts of the application.
  type: list
  elements: dict
  returned: when the sync was tried
  sample:
    - namespace: hello
      name: hello
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.slipway.gitops.plugins.module_utils._spec.app import APP_SYNC_SPEC
from ansible_collections.slipway.gitops.plugins.module_utils._spec.stub import stub


def main() -> None:
    stub(AnsibleModule(argument_spec=APP_SYNC_SPEC, supports_check_mode=True))


if __name__ == "__main__":
    main()

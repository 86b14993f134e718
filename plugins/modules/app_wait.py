# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: app_wait
author: slipway contributors (@slipway-gitops)
version_added: 0.1.0
short_description: Wait until an Argo CD Application is synced and healthy
description:
  - Returns at once when it is already, and fails early when it is Degraded.
extends_documentation_fragment:
  - slipway.gitops._attributes
  - slipway.gitops._attributes.k8s
  - slipway.gitops._source
  - slipway.gitops._app
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
  wait_timeout:
    description: Seconds to wait at most, for everything together.
    type: float
    default: 600.0
"""

EXAMPLES = r"""
- name: Wait for the application
  slipway.gitops.app_wait:
    src:
      - application.yaml
    wait_timeout: 120
"""

RETURN = r"""
application:
  description: How the Application stands.
  type: dict
  returned: success
  contains:
    name:
      description: Its name.
      type: str
    namespace:
      description: Its namespace.
      type: str
    sync:
      description: V(Synced), V(OutOfSync) or V(Unknown).
      type: str
    health:
      description: The worst health of its objects.
      type: str
    revision:
      description: The commit that it was compared with.
      type: str
    author:
      description: Who made that commit.
      type: str
    resources:
      description: Its objects, each with group, kind, namespace, name, status, health and message.
      type: list
      elements: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.slipway.gitops.plugins.module_utils._spec.app import APP_WAIT_SPEC
from ansible_collections.slipway.gitops.plugins.module_utils._spec.stub import stub


def main() -> None:
    stub(AnsibleModule(argument_spec=APP_WAIT_SPEC, supports_check_mode=True))


if __name__ == "__main__":
    main()

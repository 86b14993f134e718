# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the app_* modules. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment of the options that all have."""

    DOCUMENTATION = r"""
options:
  name:
    description: Name of the Application among the given objects. May be left out when they hold exactly one.
    type: str
  revision:
    description: Branch, tag or commit instead of the one in the Application.
    type: str
    default: ""
  git_username:
    description: User for the repository. Without it, Git's own configuration is used.
    type: str
  git_password:
    description: Password or token for the repository.
    type: str
notes:
  - Sources are directories of YAML and Kustomize. Helm charts, plugins and several sources are refused.
  - Everything is applied server-side. The field manager is C(argocd-controller), so that Argo CD can take over.
"""

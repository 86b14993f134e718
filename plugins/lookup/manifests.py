# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lookup of upstream YAML objects."""

from __future__ import annotations

DOCUMENTATION = r"""
name: manifests
author: slipway contributors (@slipway-gitops)
version_added: 0.1.0
short_description: Read Kubernetes objects from files, directories and URLs
description:
  - Returns the objects of upstream YAML as data, read as Kubernetes tools read it and never templated.
options:
  _terms:
    description: Files, directories or URLs. Relative paths start at the playbook.
    type: list
    elements: str
    required: true
  kind:
    description: Only objects of this kind.
    type: str
"""

EXAMPLES = r"""
- name: Name the applications of a folder
  ansible.builtin.debug:
    msg: "{{ query('slipway.gitops.manifests', 'config/', kind='Application') | map(attribute='metadata.name') }}"
"""

RETURN = r"""
_list:
  description: The objects.
  type: list
  elements: dict
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from ansible_collections.slipway.gitops.plugins.plugin_utils._source import load_sources, local_path


class LookupModule(LookupBase):
    """Reads objects."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return the objects that `terms` name."""
        self.set_options(var_options=variables, direct=kwargs)
        kind = self.get_option("kind")
        base = str(self._loader.get_basedir())
        try:
            documents = load_sources({"src": [str(term) for term in terms]}, lambda path: local_path(path, base))
        except SlipwayError as error:
            raise AnsibleLookupError(str(error)) from error
        return [document.data for document in documents if not kind or document.data.get("kind") == kind]

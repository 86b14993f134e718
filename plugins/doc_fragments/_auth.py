# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that say which cluster and who we are there. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment of the authentication options, named as in kubernetes.core."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig, or its content as a mapping.
      - Without it, the environment variable E(K8S_AUTH_KUBECONFIG), then the first existing file of E(KUBECONFIG),
        then C(~/.kube/config), then the service account of the pod are used.
    type: raw
  context:
    description:
      - Context of the kubeconfig, the current one if left out.
      - Can also be given as E(K8S_AUTH_CONTEXT).
    type: str
  host:
    description:
      - URL of the API server.
      - Can also be given as E(K8S_AUTH_HOST).
    type: str
  api_key:
    description:
      - Bearer token.
      - Can also be given as E(K8S_AUTH_API_KEY).
    type: str
  username:
    description:
      - User of basic authentication, for a proxy in front of the API server.
      - Can also be given as E(K8S_AUTH_USERNAME).
    type: str
  password:
    description:
      - Password of basic authentication.
      - Can also be given as E(K8S_AUTH_PASSWORD).
    type: str
  validate_certs:
    description:
      - Whether the certificate of the API server must be valid. Taken from the kubeconfig if left out.
      - Can also be given as E(K8S_AUTH_VERIFY_SSL).
    type: bool
    aliases:
      - verify_ssl
  ca_cert:
    description:
      - File with the certificate of the authority that signed the API server's one.
      - Can also be given as E(K8S_AUTH_SSL_CA_CERT).
    type: path
    aliases:
      - ssl_ca_cert
  client_cert:
    description:
      - File with a client certificate.
      - Can also be given as E(K8S_AUTH_CERT_FILE).
    type: path
    aliases:
      - cert_file
  client_key:
    description:
      - File with the key of the client certificate.
      - Can also be given as E(K8S_AUTH_KEY_FILE).
    type: path
    aliases:
      - key_file
  proxy:
    description:
      - URL of an HTTP proxy to the API server.
      - Can also be given as E(K8S_AUTH_PROXY).
    type: str
  no_proxy:
    description:
      - Hosts that are reached without O(proxy), separated by commas; a leading dot matches subdomains.
      - Can also be given as E(K8S_AUTH_NO_PROXY).
    type: str
  impersonate_user:
    description:
      - User to act as.
      - Can also be given as E(K8S_AUTH_IMPERSONATE_USER).
    type: str
  impersonate_groups:
    description:
      - Groups to act as.
      - Can also be given as E(K8S_AUTH_IMPERSONATE_GROUPS), separated by commas.
    type: list
    elements: str
"""

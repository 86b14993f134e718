# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which programs the embedded cluster needs, in which version, and where each comes from. Data only."""

from __future__ import annotations

import platform
from dataclasses import dataclass

KUBERNETES = "v1.36.3"


def machine() -> str:
    """Return the release name of this machine's architecture."""
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


@dataclass(frozen=True, slots=True)
class Asset:
    """One program. `member` is the path inside an archive; `checksums` the URL of a checksum file.

    Without a `url` it is built at once. `gomod` names the folder below gomod/ (or has a path of its own) and `package`
    the Go package of the build; seconds are estimates for two cores.
    """

    name: str
    version: str
    url: str
    checksums: str
    gomod: str
    package: str
    build_seconds: int
    member: str = ""
    ldflags: str = "-s -w"


def _kubernetes(name: str, seconds: int) -> Asset:
    url = f"https://dl.k8s.io/release/{KUBERNETES}/bin/linux/{machine()}/{name}"
    version = f"-X {{0}}.gitVersion={KUBERNETES} -X {{0}}.gitMajor=1 -X {{0}}.gitMinor=36"
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    flags = " ".join(["-s -w", *(version.format(package) for package in packages)])
    return Asset(
        name, KUBERNETES, url, f"{url}.sha256", "kubernetes", f"k8s.io/kubernetes/cmd/{name}", seconds, ldflags=flags
    )


def _github(repository: str, version: str, file: str) -> str:
    return f"https://github.com/{repository}/releases/download/{version}/{file}"


def table() -> dict[str, Asset]:
    """Return every asset by name."""
    arch = machine()
    etcd = f"etcd-v3.6.8-linux-{arch}"
    registry = f"registry_3.0.0_linux_{arch}.tar.gz"
    assets = (
        Asset(
            "etcd", "v3.6.8", _github("etcd-io/etcd", "v3.6.8", f"{etcd}.tar.gz"),
            _github("etcd-io/etcd", "v3.6.8", "SHA256SUMS"), "etcd", "go.etcd.io/etcd/server/v3", 60, f"{etcd}/etcd",
        ),
        _kubernetes("kube-apiserver", 350),
        _kubernetes("kube-controller-manager", 110),
        _kubernetes("kube-scheduler", 15),
        Asset(
            "kwok", "v0.8.0", _github("kubernetes-sigs/kwok", "v0.8.0", f"kwok-linux-{arch}"),
            _github("kubernetes-sigs/kwok", "v0.8.0", f"kwok-linux-{arch}.sha256"), "kwok",
            "sigs.k8s.io/kwok/cmd/kwok", 140,
        ),
        Asset(
            "registry", "v3.0.0", _github("distribution/distribution", "v3.0.0", registry),
            _github("distribution/distribution", "v3.0.0", f"{registry}.sha256"), "registry",
            "github.com/distribution/distribution/v3/cmd/registry", 90, "registry",
        ),
    )  # fmt: skip
    return {asset.name: asset for asset in assets}

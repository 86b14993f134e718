# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Unpacks tar archives without letting a member out of the folder."""

from __future__ import annotations

import os
import tarfile

from .errors import Refused


def extract(archive: tarfile.TarFile, folder: str) -> None:
    """Unpack into `folder`. Refused for a name that leads out of it.

    Python before 3.11.4 (Debian 12 has 3.11.2) knows no extraction filters, so names are checked here there.
    """
    if hasattr(tarfile, "data_filter"):
        archive.extractall(folder, filter="data")
        return
    base = os.path.realpath(folder)
    for member in archive.getmembers():
        target = os.path.realpath(os.path.join(base, member.name))
        link = os.path.join(os.path.dirname(target), member.linkname) if member.issym() else target
        if not f"{os.path.realpath(link)}/".startswith(f"{base}/") or not f"{target}/".startswith(f"{base}/"):
            raise Refused(f"the archive holds a name that leads out of its folder: {member.name}")
    archive.extractall(folder)

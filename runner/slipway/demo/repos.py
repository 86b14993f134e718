# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo's two repositories, made from examples/hello, and the commits that are pushed to them."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PERSON = {
    "GIT_AUTHOR_NAME": "Demo Developer",
    "GIT_AUTHOR_EMAIL": "developer@example.com",
    "GIT_COMMITTER_NAME": "Demo Developer",
    "GIT_COMMITTER_EMAIL": "developer@example.com",
    "GIT_TERMINAL_PROMPT": "0",
}
PLACEHOLDERS = ("https://git.example.com/", "registry.example.com/")


@dataclass(frozen=True)
class Addresses:
    """Where the loopback services listen: `git` ends with a slash, `registry` is host:port."""

    git: str
    registry: str

    def fill(self, text: str) -> str:
        """Put these addresses in place of the example's placeholders."""
        git, registry = PLACEHOLDERS
        return text.replace(git, self.git).replace(registry, f"{self.registry}/")


def git(folder: Path, *arguments: str) -> str:
    """Run git in `folder`, without the user's or the system's configuration."""
    environment = {**os.environ, **PERSON, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"git {arguments[0]} failed: {done.stderr.strip()[-400:]}")
    return done.stdout.strip()


def copy_example(example: Path, target: Path, addresses: Addresses) -> None:
    """Copy the example and fill in the addresses, as a user would."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(example, target, ignore=shutil.ignore_patterns("__pycache__"))
    for file in target.rglob("*.yaml"):
        file.write_text(addresses.fill(file.read_text()))


def publish(source: Path, clone: Path, url: str, message: str) -> str:
    """Make a repository of `source`, push it to the empty repository at `url`; return the commit."""
    shutil.rmtree(clone, ignore_errors=True)
    shutil.copytree(source, clone)
    git(clone, "init", "--quiet")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "-m", message)
    git(clone, "remote", "add", "origin", url)
    git(clone, "push", "--quiet", "--set-upstream", "origin", "main")
    return git(clone, "rev-parse", "HEAD")


def change_settings(clone: Path, subject: str, /, **values: object) -> str:
    """Commit new values of app/settings.json and push; return the commit."""
    file = clone / "app" / "settings.json"
    settings = {**json.loads(file.read_text()), **values}
    file.write_text(json.dumps(settings, indent=2) + "\n")
    return _push(clone, subject)


def revert(clone: Path) -> str:
    """Commit the reverse of the last commit and push; return the commit."""
    git(clone, "revert", "--no-edit", "HEAD")
    git(clone, "push", "--quiet")
    return git(clone, "rev-parse", "HEAD")


def _push(clone: Path, message: str) -> str:
    git(clone, "commit", "--quiet", "--all", "-m", message)
    git(clone, "push", "--quiet")
    return git(clone, "rev-parse", "HEAD")


def install_hook(bare: Path, url: str, receiver: str, tokenfile: Path) -> None:
    """Make the bare repository send a GitLab push event after each push."""
    for key, value in (("receiver", receiver), ("url", url), ("tokenfile", str(tokenfile))):
        git(bare, "config", f"slipway.{key}", value)
    hook = bare / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name('hook.py')}\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)

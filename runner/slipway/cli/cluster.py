# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway cluster up|down|status|assets`."""

from __future__ import annotations

from dataclasses import asdict

import click

from slipway.cli._options import output_option

name_option = click.option("--name", default="", help="Name of the cluster; that of this folder when not given.")


@click.group("cluster")
def command() -> None:
    """Start, stop and inspect the embedded Kubernetes cluster."""


@command.command("up")
@name_option
@click.option("--fake-nodes", default=3, show_default=True, help="How many KWOK nodes.")
@click.option("--process-node", is_flag=True, help="A node that runs pods as local processes, with its gateway.")
@click.option("--registry", is_flag=True, help="An image registry on loopback.")
@click.option("--git", is_flag=True, help="A Git server on loopback.")
@output_option
def up(name: str, fake_nodes: int, process_node: bool, registry: bool, git: bool, output: str) -> int:
    """Bring the cluster up, or what is missing of it."""
    from slipway.cli import _print
    from slipway.cluster import api

    found = api.up(
        name,
        fake_nodes=fake_nodes,
        process_node=process_node,
        registry=registry,
        git=git,
        progress=lambda text: click.echo(text, err=True),
    )
    if output == "text":
        click.echo(f"export K8S_AUTH_KUBECONFIG={found.kubeconfig}")
        for label, value in (("registry", found.registry_host), ("git", found.git_url), ("gateway", found.gateway_url)):
            if value:
                click.echo(f"# {label}: {value}")
    else:
        _print.document(asdict(found))
    return 0


@command.command("down")
@name_option
@click.option("--all", "everything", is_flag=True, help="Every cluster of this user.")
def down(name: str, everything: bool) -> int:
    """End exactly what `up` started and remove its data."""
    from slipway.cluster import api

    for ended in api.down(name, everything=everything) or ["nothing"]:
        click.echo(f"ended {ended}", err=True)
    return 0


@command.command("status")
@name_option
@output_option
def status(name: str, output: str) -> int:
    """Say what runs, with processes, addresses and logs."""
    from slipway.cli import _print
    from slipway.cluster import api

    found = api.status(name)
    if output != "text":
        _print.document(found)
        return 0
    for key in ("name", "kubeconfig", "registry_host", "git_url", "gateway_url", "state_dir"):
        if found[key]:
            click.echo(f"{key:<14} {found[key]}")
    for daemon in found["processes"]:
        state = "running" if daemon["running"] else "ENDED"
        click.echo(f"{daemon['name']:<24} {state:<8} pid {daemon['pid']:<8} {daemon['log']}")
    return 0


@command.command("assets")
@output_option
def assets(output: str) -> int:
    """Get the programs of the cluster and the registry without starting them; say where they are."""
    from slipway.cli import _print
    from slipway.cluster import assets as programs
    from slipway.cluster.assets_table import table

    found = programs.ensure(list(table()), lambda text: click.echo(text, err=True))
    if output != "text":
        _print.document({name: str(path) for name, path in found.items()})
        return 0
    for name, path in found.items():
        click.echo(f"{name:<24} {path}")
    return 0

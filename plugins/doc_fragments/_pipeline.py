# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of pipeline_run and task_run. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment of the options that both have."""

    DOCUMENTATION = r"""
options:
  params:
    description: Values of params, over those of the run.
    type: dict
    default: {}
  claims:
    description:
      - Directories of this machine for PersistentVolumeClaims, by claim name.
      - A claim without a directory is refused before anything runs. A C(volumeClaimTemplate) needs none.
    type: dict
    default: {}
  service_accounts:
    description:
      - Kubeconfig files for ServiceAccounts, by name of the account.
      - The steps of a task find that of their account through E(KUBECONFIG). Steps of other accounts find none.
      - Refused with O(executor=pods) and O(executor=controller), where the cluster gives a task its account.
    type: dict
    default: {}
  namespace:
    description: Namespace that the run reports.
    type: str
    default: default
  executor:
    description:
      - What executes the steps. V(process) runs them as sandboxed processes of the controller.
      - V(pods) runs each TaskRun as one pod in the cluster that the auth options name. No Tekton is needed there.
      - V(controller) submits the run, with the objects it needs, to the Tekton that is installed in that cluster.
    type: str
    choices:
      - process
      - pods
      - controller
    default: process
  image_map:
    description:
      - What images of steps mean on this machine, before the built-in list, as C({image, toolset, entrypoint}).
      - C(image) is a glob, C(toolset) is V(host), V(busybox) or V(kaniko), C(entrypoint) is a list.
      - Also C(env) (dict), C(workdir), C(user) (V(uid) or V(uid:gid)) and C(tools) (files of this machine by their path
        inside).
      - C({image, layout}) takes the files, entry point, environment, directory and user of an OCI image layout.
      - An image that nothing maps is refused.
    type: list
    elements: dict
    default: []
  step_env:
    description: Variables for every step. Steps get no other variables of the controller.
    type: dict
    default: {}
  host_paths:
    description:
      - Directories of this machine that C(hostPath) volumes may show, with all below them.
      - Any other C(hostPath) is refused before anything runs.
    type: list
    elements: path
    default: []
  resolvers:
    description:
      - What references with a C(resolver) may reach, and defaults of the resolvers V(git), V(http), V(hub), V(bundles) and V(cluster).
      - C(network) is V(true) or V(false); a reference that would need the network is then refused by name.
      - C(map) is a list of C({resolver, params, path}). A reference with that resolver and at least these params is the local
        file; the map is asked first and needs no network.
      - C(cache_dir) is where pinned references are cached, by default C(~/.cache/slipway/resolvers).
      - C(plain_http) lists hosts that may be spoken to without TLS (registries, servers of Git APIs); loopback always may.
      - C(git), C(http), C(hub), C(bundles) and C(cluster) take the keys of Tekton's ConfigMaps, such as C(default-revision);
        these ConfigMaps are read as well when they are among the given objects.
      - Secrets that params of a reference name are looked for among the given objects.
    type: dict
    default: {}
  custom_tasks:
    description:
      - Programs that do custom tasks, as C({apiVersion, kind, command}); a pipeline task of another kind is refused by name.
      - The program gets the CustomRun as JSON on standard input, and answers on standard output with JSON of the form
        C({results, reason, message}); exit code 0 is success, standard error is the log.
    type: list
    elements: dict
    default: []
  record:
    description:
      - Also write PipelineRun, TaskRun and CustomRun objects with their status into the cluster that the auth options name,
        so that C(tkn) and the Tekton Dashboard show runs of the executors V(process) and V(pods).
      - C(spec.managedBy) keeps a real Tekton in that cluster from running them again; one too old to know it is refused.
      - An object that cannot be written is a warning in the events, never a failure of the run.
    type: bool
    default: false
  state_dir:
    description:
      - Where runs keep their state and logs, one folder per run.
      - The folder of the runner when not given, else C(~/.local/state/slipway/pipelines).
    type: path
  junit:
    description:
      - A file for the run as JUnit XML, one suite per TaskRun and one case per step, written whatever becomes of the run.
      - A failed step has its log inside.
    type: path
  svg:
    description: A file for the DAG of the run as SVG, with states and times.
    type: path
  concurrency:
    description:
      - Keeps runs of one group apart, also those of other plays and of the runner that share O(state_dir).
      - A run that waits or runs holds its place until its process ends, however it ends.
    type: dict
    suboptions:
      group:
        description: Name of the group.
        type: str
        required: true
      limit:
        description: How many runs of the group may go on at once.
        type: int
        default: 1
      policy:
        description:
          - What the run does when the group is full. V(queue) waits for its turn, first in, first out.
          - V(cancel) gives up, V(supersede) asks all older runs of the group to stop and waits for that.
        type: str
        choices:
          - queue
          - cancel
          - supersede
        default: queue
  force:
    description: Run again although a run of that name has finished, or has another spec.
    type: bool
    default: false
"""

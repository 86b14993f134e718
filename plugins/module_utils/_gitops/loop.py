# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Drives one sync: phases and waves in order, each applied and then awaited. Safe to call again after a crash."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .._core.cancel import Cancel
from .._core.errors import Permanent, SlipwayError, TimedOut
from .._core.events import Sink, Subject
from .._core.ids import suffix
from .._core.types import Manifest, ObjectRef, ref
from .._kube.client import Client
from .._kube.watch import Informer, Selection
from .compare import MANAGER, Seen
from .decide import compare, ignore, tasks, writing
from .decide.tasks import Task
from .health.assess import health
from .health.status import Health

_LOOK = 0.5
_FOLLOWED = ("Rollout",)  # the rollout engine follows these to their end


@dataclass(slots=True)
class Done:
    """What became of one task."""

    task: Task
    action: str
    message: str = ""
    live: Manifest | None = None


@dataclass(slots=True)
class Sync:
    """One operation. `deadline` is monotonic seconds."""

    client: Client
    seen: Seen
    events: Sink
    cancel: Cancel
    deadline: float
    held: Callable[[], None]
    prune: bool = False
    wait: bool = True
    done: list[Done] = field(default_factory=list)

    def run(self) -> None:
        """Run all steps. Raises what failed; hooks of the phase SyncFail run first then."""
        self._namespace()
        plan = tasks.order(self._tasks())
        steps = tasks.groups([task for task in plan if task.phase != "SyncFail"])
        try:
            for number, step in enumerate(steps):
                self._step(step, last=number + 1 == len(steps))
        except SlipwayError:
            self._fail(plan)
            raise
        self._clean_hooks("HookSucceeded")

    def _tasks(self) -> list[Task]:
        app = self.seen.app
        out = [task for hook in self.seen.hooks if hook.target for task in tasks.hook_tasks(hook.target, hook.live)]
        for resource in self.seen.resources:
            if resource.target is None:
                continue
            out.append(tasks.make("Sync", resource.target, resource.live))
        if app.enabled("ApplyOutOfSyncOnly"):
            status = {id(resource.target): resource.status for resource in self.seen.resources}
            out = tasks.out_of_sync_only(out, lambda task: status.get(id(task.target)) != "Synced")
        return tasks.place_prunes([*out, *self._prunes()], app.enabled("PruneLast"))

    def _prunes(self) -> list[Task]:
        extra = [r.live for r in self.seen.resources if r.target is None and r.live]
        return [tasks.make("Sync", None, obj) for obj in extra if self._may_prune(obj)]

    def _may_prune(self, obj: Manifest) -> bool:
        refusal = tasks.prune_refusal(obj, self.prune)
        if refusal:
            self._note(Done(Task("Sync", 0, None, obj), "PruneSkipped", refusal, obj))
        return not refusal

    def _namespace(self) -> None:
        name, app = self.seen.destination, self.seen.app
        wanted = any(tasks.is_namespace(resource.target, name) for resource in self.seen.resources)
        if wanted or not app.enabled("CreateNamespace"):
            return
        policy = app.manifest["spec"].get("syncPolicy")
        found = writing.managed_namespace(name, self.client.get("v1", "Namespace", name), policy)
        if found:
            self.client.apply(found, manager=MANAGER)

    def _step(self, step: Sequence[Task], *, last: bool) -> None:
        self.cancel.check()
        self.held()
        for task in (task for task in step if task.prune):
            self._prune(task)
        for task in (task for task in step if task.hook and task.live):
            self._delete_before(task)
        applied = [self._apply(task) for task in step if not task.prune]
        if self.wait or not last or any(task.hook for task in step):
            self._await([done for done in applied if done.task.hook or not last or self.wait])

    def _prune(self, task: Task) -> None:
        if task.live is None:
            raise AssertionError
        meta = task.live["metadata"]
        self.client.delete(
            ObjectRef.of(task.live),
            propagation=_propagation(self.seen.app.options.get("PrunePropagationPolicy", "")),
            uid=meta.get("uid", ""),
        )
        self._note(Done(task, "Pruned", "pruned", None))

    def _delete_before(self, task: Task) -> None:
        """BeforeHookCreation: the hook of the last sync goes, and is gone, before the new one comes."""
        if task.live is None or not tasks.delete_before_creation(task):
            return
        self.client.delete(ObjectRef.of(task.live))
        meta, pause = task.live["metadata"], 0.02
        while self.client.get(task.live["apiVersion"], task.live["kind"], meta["name"], meta.get("namespace")):
            self._in_time(f"{ref(task.live)} to be deleted")
            time.sleep(pause)
            pause = min(pause * 2, 0.5)

    def _apply(self, task: Task) -> Done:
        if task.target is None:
            raise AssertionError
        target = _named(task, self.seen.tree.commit) if task.hook else task.target
        app = self.seen.app
        if task.live and not task.hook:
            ignored = ignore.of(target, app.ignore)
            target = compare.prepare(target, task.live, ignored, keep_ignored=app.enabled("RespectIgnoreDifferences"))
        how = writing.plan(target, task.live, writing.Settings(validate=app.options.get("Validate") != "false"))
        live = self.client.apply(target, manager=MANAGER, field_validation="Strict" if how.validate else "Ignore")
        if tasks.is_crd(target):
            self.client.kinds.forget()
        action = "created" if task.live is None or task.hook else _action(task.live, live)
        done = Done(task, action, f"{target['kind'].lower()}/{target['metadata']['name']} {action}", live)
        self._note(done)
        return done

    def _await(self, started: Sequence[Done]) -> None:
        """Wait until each is healthy (or has no health), all together, by watch."""
        waiting = {id(done): done for done in started if done.live and done.live["kind"] not in _FOLLOWED}
        waiting = {key: done for key, done in waiting.items() if not self._settled(done)}
        if not waiting:
            return
        selections = {_selection(done): done for done in waiting.values()}
        with Informer(self.client, list(selections)) as informer:
            while waiting:
                for key, done in list(waiting.items()):
                    if done.live is None:
                        raise AssertionError
                    meta = done.live["metadata"]
                    found = informer.get(_selection(done), meta["name"], meta.get("namespace", ""))
                    if found is None:
                        raise Permanent(f"{ref(done.live)} vanished while it was awaited", reason="Vanished")
                    done.live = found
                    if self._settled(done):
                        del waiting[key]
                if waiting:
                    self._in_time(", ".join(_awaited(done) for done in waiting.values()))
                    informer.changed(_LOOK)

    def _settled(self, done: Done) -> bool:
        if done.live is None:
            raise AssertionError
        found = health(done.live)
        if found is None or found.status == "Healthy":
            self._tell(done, "Succeeded", found)
            return True
        bad = found.status == "Degraded" or (done.task.hook and found.status == "Unknown")
        if bad:
            self._tell(done, "Failed", found)
            what = "hook" if done.task.hook else "resource"
            raise Permanent(f"{what} is {found.status}: {found.message}", obj=ref(done.live), reason="SyncFailed")
        return not done.task.hook and found.status == "Suspended"

    def _tell(self, done: Done, phase: str, found: Health | None) -> None:
        if done.task.hook or phase == "Failed":
            meta = done.task.obj["metadata"]
            subject = Subject(done.task.obj["kind"], meta.get("namespace", ""), meta["name"])
            text = (
                f"{done.task.phase} hook: {found.status if found else 'done'} {found.message if found else ''}".rstrip()
            )
            self.events.emit(subject, phase, reason=found.status if found else "", message=text)

    def _in_time(self, what: str) -> None:
        self.cancel.check()
        if time.monotonic() > self.deadline:
            raise TimedOut(
                f"waited too long for {what}", obj=f"Application {self.seen.app.name}", hint="raise wait_timeout"
            )

    def _fail(self, plan: Sequence[Task]) -> None:
        self._clean_hooks("HookFailed")
        hooks = [task for task in plan if task.phase == "SyncFail"]
        if hooks and not self.cancel.is_set():
            self._await([self._apply(task) for task in hooks])

    def _clean_hooks(self, policy: str) -> None:
        for done in self.done:
            if done.live and tasks.has_delete_policy(done.task, policy):
                self.client.delete(ObjectRef.of(done.live))

    def _note(self, done: Done) -> None:
        self.done.append(done)
        meta = done.task.obj["metadata"]
        phase = "Changed" if done.action in ("created", "changed", "Pruned") else "Progress"
        subject = Subject(done.task.obj["kind"], meta.get("namespace", ""), meta["name"])
        data = {"wave": done.task.wave, "syncPhase": done.task.phase}
        if phase == "Changed" or done.action == "PruneSkipped":
            self.events.emit(subject, phase, reason=done.action, message=done.action, data=data)


def _named(task: Task, revision: str) -> Manifest:
    """A hook with generateName gets a name of its own."""
    if task.target is None:
        raise AssertionError
    meta = task.target["metadata"]
    if meta.get("name") or not meta.get("generateName"):
        return task.target
    name = f"{meta['generateName']}{revision[:7]}-{task.phase.lower()}-{suffix()}"
    return {**task.target, "metadata": {**meta, "name": name}}


def _propagation(option: str) -> str:
    return option.capitalize() if option in ("background", "foreground", "orphan") else writing.PROPAGATION


def _action(before: Manifest, after: Manifest) -> str:
    same = before["metadata"].get("resourceVersion") == after["metadata"].get("resourceVersion")
    return "unchanged" if same else "changed"


def _selection(done: Done) -> Selection:
    if done.live is None:
        raise AssertionError
    return Selection(done.live["apiVersion"], done.live["kind"], done.live["metadata"].get("namespace"))


def _awaited(done: Done) -> str:
    if done.live is None:
        raise AssertionError
    found = health(done.live)
    return (
        f"{ref(done.live)} ({found.status}{': ' + found.message if found and found.message else ''})"
        if found
        else ref(done.live)
    )

# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Resolves references with a resolver: side by side, each once per run, within a minute.

The order: what this run has resolved before, the local map, the cache, the resolver. What comes back is checked and
converted like objects that are given. Knows resolvers by their table; must not know what the objects are for.
Source: tektoncd/pipeline pkg/remoteresolution/resolver/framework/{reconciler,cache}.go, v1.15.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import replace
from typing import Any

from ..._core import yaml
from ..._core.cancel import Cancel, Linked
from ..._core.errors import Cancelled, Invalid, Permanent, Refused, SlipwayError
from ..._core.yaml import Document
from ..act.workspaces import values
from ..decide.child_status import child_name
from ..model.parse import Bundle, parse
from ..model.reference import Ask, Fetched
from . import mapped
from .kept import Cache, Kept
from .resolver import TIMED_OUT, Context, Resolved, Resolver, Secrets, late
from .settings import CACHE_MODES, LONGEST, Settings, read

NAMES = ("git", "http", "hub", "bundles", "cluster")
_AT_ONCE = 16
_TICK, _MOMENT = 0.2, 1.0
_WORDS = {"Task": "task", "Pipeline": "pipeline", "StepAction": "StepAction"}


def resolver_of(name: str) -> Resolver | None:
    """Return the resolver of a name, None for an unknown one. Loaded when wanted: most runs have no such reference."""
    if name == "git":
        from .git import RESOLVER
    elif name == "http":
        from .http import RESOLVER
    elif name == "hub":
        from .hub import RESOLVER
    elif name == "bundles":
        from .bundles import RESOLVER
    elif name == "cluster":
        from .cluster import RESOLVER
    else:
        return None
    return RESOLVER


class RemoteObjects:
    """The references of one run. `folder` keeps what was found for a run that goes on later; empty keeps nothing.

    A Remote for the bundle. `name` and `namespace` are the run's, for messages.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        name: str,
        namespace: str,
        secret: Secrets,
        folder: str = "",
        cancel: Cancel | None = None,
        tell: Callable[[Ask], object] = lambda ask: None,
    ) -> None:
        self.namespace = namespace
        self._settings, self._name, self._secret = settings, name, secret
        self._cancel, self._tell = Linked(cancel or Cancel()), tell
        self._kept, self._cache = Kept(folder), Cache(settings.cache_dir)
        self._running: dict[str, Future[Resolved]] = {}
        self._began: dict[str, float] = {}
        self._bytes: dict[str, Resolved] = {}
        self._objects: dict[tuple[str, str], Fetched] = {}
        self._keeping = False
        self._lock, self._slots = threading.Lock(), threading.Semaphore(_AT_ONCE)
        self._found: dict[str, dict[str, Any]] = {}

    def resolved(self) -> list[dict[str, Any]]:
        """Return what was found so far: resolver, kind, name and refSource of each."""
        return list(self._found.values())

    def keep(self) -> None:
        """Keep what was found, now and from now on: the run begins. What was found for a plan is not kept."""
        with self._lock:
            self._keeping = True
            for key, found in self._bytes.items():
                self._kept.write(key, found)

    def stop(self) -> None:
        """Stop what still goes on, and wait a moment for it: a git that was started must not stay behind."""
        self._cancel.set("nobody waits for it any more")
        with self._lock:
            running = [future for future in self._running.values() if not future.done()]
        wait(running, _MOMENT)

    def forget(self) -> None:
        """Forget what an earlier run of this name has kept."""
        self._kept.clear()

    def start(self, ask: Ask) -> None:
        """Begin to resolve, in a thread of its own; a second time for the same reference does nothing."""
        with self._lock:
            if ask.key in self._running:
                return
            future: Future[Resolved] = Future()
            self._running[ask.key] = future
        threading.Thread(target=self._work, args=(ask, future), name="resolve", daemon=True).start()

    def fetch(self, ask: Ask, task: str = "") -> Fetched:
        """Return the object that a reference means, as Tekton v1. `task` is the pipeline task that has the reference."""
        if (known := self._objects.get((ask.key, ask.kind))) is not None:
            return known
        self.start(ask)
        future = self._running[ask.key]
        while not future.done():
            self._cancel.check()
            if time.monotonic() > self._began.get(ask.key, math.inf) + LONGEST:
                raise self._told(ask, task, late())
            _wait(future)
        try:
            resolved = future.result()
        except Cancelled:
            raise
        except SlipwayError as error:
            if type(error) is Refused:  # ours; a server that refuses has words of its own
                raise
            raise self._told(ask, task, error) from error
        fetched = self._objects[(ask.key, ask.kind)] = _object(ask, resolved)
        self._found[ask.key] = {
            "resolver": ask.resolver, "kind": ask.kind, "name": fetched.name, "refSource": fetched.source.as_dict(),
        }  # fmt: skip
        return fetched

    def _work(self, ask: Ask, future: Future[Resolved]) -> None:
        try:
            with self._slots:
                self._began[ask.key] = time.monotonic()
                future.set_result(self._resolve(ask))
        except BaseException as error:
            future.set_exception(error)

    def _resolve(self, ask: Ask) -> Resolved:
        before = self._kept.read(ask.key) or mapped.find(self._settings.entries, ask)
        found = before or self._ask(ask)
        with self._lock:
            self._bytes[ask.key] = found
            if self._keeping:
                self._kept.write(ask.key, found)
        return found

    def _ask(self, ask: Ask) -> Resolved:
        """Ask the cache, then the resolver."""
        resolver = resolver_of(ask.resolver)
        if resolver is None:
            known = ", ".join(NAMES)
            raise Refused(
                f"there is no resolver {ask.resolver!r}", hint=f"known: {known}; resolvers.map can stand for others"
            )
        params = resolver.check(ask.params, self._settings)
        pinned = resolver.pinned(params)
        cached, key = self._is_cached(ask, pinned), self._cache_key(ask, params)
        if cached and (known_bytes := self._cache.read(key, pinned=pinned)):
            return known_bytes
        if not self._settings.network and not resolver.local(params):
            raise Refused(
                f"{ask.text} needs the network, which resolvers.network: false forbids",
                hint=f"map it to a local file: {_entry(ask)}",
                reason="NetworkNotAllowed",
            )
        self._tell(ask)
        found = resolver.fetch(params, self._context(ask))
        if cached:
            self._cache.write(key, found)
        return found

    def _context(self, ask: Ask) -> Context:
        deadline = self._began[ask.key] + LONGEST
        return Context(self._settings, self.namespace, self._secret, self._cancel, deadline)

    def _cache_key(self, ask: Ask, params: Mapping[str, str]) -> str:
        """The same for what is asked of the same places: defaults and configuration count."""
        config = self._settings.texts(ask.resolver, params.get("configKey", ""))
        return replace(ask, params={**params, **{f"/{name}": value for name, value in config.items()}}).key

    def _is_cached(self, ask: Ask, pinned: bool) -> bool:
        """The param `cache` decides, then the configuration, then `auto`. Source: ShouldUse, ValidateCacheMode."""
        given = ask.params.get("cache")
        if given is not None and given not in CACHE_MODES:
            raise Invalid("", f"invalid cache mode '{given}', must be one of: [{' '.join(CACHE_MODES)}]")
        mode = given or self._settings.of(ask.resolver).get("default-cache-mode") or "auto"
        return mode == "always" or (mode == "auto" and pinned)

    def _told(self, ask: Ask, task: str, error: SlipwayError) -> SlipwayError:
        """Return an error in upstream's words around the resolver's. Source: pkg/resolution/common/errors.go."""
        key = ask.request(self.namespace, child_name(self._name, f"-{task}") if task else self._name)
        if error.reason == TIMED_OUT:
            text = error.message
        elif isinstance(error, Invalid):
            where = f"{error.field} " if error.field else ""
            text = f'invalid resource request "{key}": {where}{error.message}'
        else:
            resolver = resolver_of(ask.resolver)
            text = f'error getting "{resolver.title if resolver else ask.resolver}" "{key}": {error.message}'
        return Permanent(f"error requesting remote resource: {text}", hint=error.hint, reason="ResolutionFailed")


def _entry(ask: Ask) -> str:
    """Return what the map would need to hold."""
    params = ", ".join(f"{name}: {value}" for name, value in ask.params.items() if name != "cache")
    return f"resolvers.map: [{{resolver: {ask.resolver}, params: {{{params}}}, path: ...}}]"


def attached(
    bundle: Bundle,
    option: Mapping[str, Any],
    *,
    name: str,
    namespace: str,
    cancel: Cancel | None = None,
    folder: str = "",
    resume: bool = False,
    tell: Callable[[Ask], object] = lambda ask: None,
) -> Bundle:
    """Return the bundle with a Remote for one run. `option` is `resolvers`; Secrets and ConfigMaps are those of the bundle.

    `tell` hears of each reference that a resolver has to be asked for. `folder` is the run's own; what is in it counts only
    when the run may go on (`resume`).
    """

    def data(kind: str, wanted: str) -> Mapping[str, bytes] | None:
        document = bundle.find(kind, wanted)
        return values(document.data) if document else None

    def config(wanted: str) -> Mapping[str, Any] | None:
        found = data("ConfigMap", wanted)
        return {key: value.decode() for key, value in found.items() if not key.startswith("_")} if found else None

    remote = RemoteObjects(
        read(option, config),
        name=name,
        namespace=namespace,
        secret=lambda wanted: data("Secret", wanted),
        folder=os.path.join(folder, "resolved") if folder else "",
        cancel=cancel,
        tell=tell,
    )
    if not resume:
        remote.forget()
    return replace(bundle, remote=remote)


def _wait(future: Future[Resolved]) -> None:
    try:
        future.exception(timeout=_TICK)
    except TimeoutError:
        return


def _object(ask: Ask, resolved: Resolved) -> Fetched:
    """Return the first object of the bytes, checked and converted; Permanent when it is of another kind."""
    where = resolved.source.uri + (f"#{resolved.source.entry_point}" if resolved.source.entry_point else "")
    try:
        documents = yaml.load_all(resolved.data.decode("utf-8"), where)
    except UnicodeDecodeError as error:
        raise Permanent(f"invalid runtime object: {where} is not UTF-8 text") from error
    first = documents[0] if documents else None
    if first is None or not isinstance(first.data, dict) or first.data.get("kind") != ask.kind:
        kind = first.data.get("kind") if first is not None and isinstance(first.data, dict) else None
        what = f"{where} holds a {kind}" if kind else f"{where} holds no object"
        raise Permanent(f"resource is not a {_WORDS.get(ask.kind, ask.kind)}", hint=what)
    return Fetched(_checked(first), resolved.source)


def _checked(document: Document) -> Document:
    """Return it as parse would, with a StepAction of v1alpha1 as v1beta1: it has the same fields there."""
    obj = document.data
    if obj.get("apiVersion") == "tekton.dev/v1alpha1" and obj["kind"] == "StepAction":
        document = replace(document, data={**obj, "apiVersion": "tekton.dev/v1beta1"})
    bundle: Bundle = parse([document])
    return next(iter(bundle.objects.values()))

# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The bundles resolver: an object in a layer of an OCI image, found by the annotations of the layers.

Source: tektoncd/pipeline pkg/resolution/resolver/bundle/{bundle,params}.go, v1.15; docs/tekton-bundle-contracts.md.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid, Permanent, SlipwayError
from ..._oci.auth import Credentials, from_config
from ..._oci.image import DOCKER_HUB, Reference, parse_reference
from ..._oci.registry import Manifest, Registry, registry_for
from ..._oci.unpack import select
from ..model.reference import Source
from .resolver import Context, Params, Resolved, Resolver, texts, wrong
from .settings import Settings

MOST_OBJECTS = 20
NAME, KIND, API_VERSION = (f"dev.tekton.image.{part}" for part in ("name", "kind", "apiVersion"))
_MOST_BYTES = 16 << 20
_DOCKER_CONFIG = ".dockerconfigjson"


def check(params: Mapping[str, Any], settings: Settings) -> dict[str, str]:
    """Return the params with their defaults. Source: OptionsFromParams."""
    given = texts(params)
    if not given.get("bundle"):
        raise wrong('parameter "bundle" required')
    try:
        parse_reference(given["bundle"])
    except Invalid as error:
        raise wrong(f"invalid bundle reference: {error.message}", hint=error.hint) from error
    if not given.get("name"):
        raise wrong('parameter "name" required')
    return {**given, "kind": given.get("kind") or settings.texts("bundles")["default-kind"]}


def fetch(params: Params, context: Context) -> Resolved:
    """Return the object of that kind and name. Source: GetEntry."""
    reference = parse_reference(params["bundle"])
    registry = _registry(reference, params, context)
    try:
        manifest = _manifest(registry, reference)
        layers = manifest.data.get("layers") or []
        problem = _problem(layers)
        if problem:
            raise Permanent(f"invalid tekton bundle {params['bundle']}, error: {problem}")
        context.left()
        layer = _layer(layers, params)
        if int(layer.get("size") or 0) > _MOST_BYTES:
            raise _too_large()
        data = unpacked(registry.blob(reference.repository, layer["digest"]))
    finally:
        registry.close()
    algorithm, _, value = manifest.digest.partition(":")
    host = f"index.{DOCKER_HUB}" if reference.host == DOCKER_HUB else reference.host
    return Resolved(data, Source(f"{host}/{reference.repository}", {algorithm: value}, params["name"]))


def _registry(reference: Reference, params: Params, context: Context) -> Registry:
    plain = True if reference.host in context.settings.plain_http else None
    return registry_for(reference, plain_http=plain, auth=_credentials(reference, params, context))


def _credentials(reference: Reference, params: Params, context: Context) -> Credentials | None:
    """Return those of the param `secret`; without it Docker's configuration of the user decides."""
    if not params.get("secret"):
        return None
    config = context.secret_text(params["secret"], _DOCKER_CONFIG)
    return from_config(config, reference.host, reference.repository)


def _manifest(registry: Registry, reference: Reference) -> Manifest:
    try:
        return select(registry, reference.repository, reference.identifier, "amd64")
    except SlipwayError as error:
        raise Permanent(f"cannot retrieve the oci image: {error.message}", hint=error.hint) from error


def _problem(layers: Sequence[Mapping[str, Any]]) -> str:
    """Source: checkImageCompliance."""
    if len(layers) > MOST_OBJECTS:
        return f"contained more than the maximum {MOST_OBJECTS} allow objects"
    for index, layer in enumerate(layers):
        found = layer.get("annotations") or {}
        for name in (API_VERSION, NAME, KIND):
            if name not in found:
                return f"the layer {index} does not contain a {name} annotation"
        kind = str(found[KIND])
        if kind.lower().removesuffix("s") != kind:
            return f"the layer {index} the annotation {KIND} must be lowercased and singular, found {kind}"
    return ""


def _layer(layers: Sequence[Mapping[str, Any]], params: Params) -> Mapping[str, Any]:
    there = [(str(layer["annotations"][KIND]), str(layer["annotations"][NAME])) for layer in layers]
    wanted = (params["kind"].lower(), params["name"])
    if wanted not in there:
        text = f"could not find object in image with kind: {params['kind']} and name: {params['name']}"
        raise Permanent(text, hint=f"objects: {', '.join(f'{kind} {name}' for kind, name in there) or 'none'}")
    return layers[there.index(wanted)]


def _too_large() -> Permanent:
    return Permanent(f"the object is larger than {_MOST_BYTES >> 20} MiB")


def unpacked(blob: bytes) -> bytes:
    """Return the one object of a layer: a tar archive of one file or the file itself, gzipped or not."""
    data = blob
    if blob.startswith(b"\x1f\x8b"):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(blob)) as stream:
                data = stream.read(_MOST_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise Permanent(f"failed to read image layer: {error}") from error
    if len(data) > _MOST_BYTES:
        raise _too_large()
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            member = archive.next()
            file = archive.extractfile(member) if member else None
            return file.read() if file else data
    except tarfile.TarError:
        return data


RESOLVER = Resolver("bundleresolver", check, fetch, pinned=lambda params: "@sha256:" in params["bundle"])

# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The command line of kaniko's executor, over our own builder.

Runs as a module or as a plain file with any Python >= 3.11 and nothing installed, so that a step
whose image is kaniko's finds it at /kaniko/executor. Source of the flags: kaniko v1.24
cmd/executor/cmd/root.go; flags about caching and snapshots change nothing here, because there is
no RUN, and are accepted; unknown flags are an error.
"""

from __future__ import annotations

import importlib
import os
import sys

if not __package__:
    # Run as a file: make the directory above module_utils the root, so that relative imports work.
    _here = os.path.dirname(os.path.abspath(__file__))
    sys.path[0] = os.path.dirname(os.path.dirname(_here))
    _name = f"{os.path.basename(os.path.dirname(_here))}.{os.path.basename(_here)}.kaniko"
    sys.exit(importlib.import_module(_name).main(sys.argv[1:]))

import argparse
import json
import tarfile
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack

from .._core.archives import extract
from .._core.errors import Invalid, SlipwayError
from .build import BuiltImage, Options, build, push
from .image import MANIFEST_OCI, Reference, parse_reference
from .registry import Registry

_SWITCHES = (
    *("insecure", "insecure-pull", "skip-tls-verify", "skip-tls-verify-pull", "no-push", "reproducible", "cleanup"),
    *("force", "single-snapshot", "use-new-run", "cache", "cache-copy-layers", "cache-run-layers", "no-push-cache"),
    *("compressed-caching", "ignore-var-run", "skip-unused-stages", "skip-push-permission-check", "log-timestamp"),
    *("skip-default-registry-fallback", "push-ignore-immutable-tag-errors", "run-v2", "materialize"),
)
_IGNORED_VALUES = (
    *("cache-dir", "cache-repo", "cache-ttl", "snapshot-mode", "snapshotMode", "log-format", "verbosity"),
    *("push-retry", "image-fs-extract-retry", "image-download-retry", "registry-client-cert", "git", "kaniko-dir"),
    *("registry-mirror", "registry-map", "ignore-path", "context-sub-path-cache", "annotation"),
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="executor", description="Build an image and push it.", allow_abbrev=False)
    parser.add_argument("-c", "--context", default="/workspace/")
    parser.add_argument("--context-sub-path", default="")
    parser.add_argument("-f", "--dockerfile", default="Dockerfile")
    parser.add_argument("--target", default="")
    parser.add_argument("--custom-platform", "--customPlatform", default="")
    parser.add_argument("--digest-file", default="")
    parser.add_argument("--image-name-with-digest-file", default="")
    parser.add_argument("--image-name-tag-with-digest-file", default="")
    parser.add_argument("--oci-layout-path", default="")
    parser.add_argument("--tar-path", "--tarPath", "--tar", default="")
    parser.add_argument("--compression", choices=("gzip", "none"), default="none")
    parser.add_argument("--compression-level", type=int, default=6)
    for name in ("destination", "build-arg", "label", "insecure-registry", "skip-tls-verify-registry"):
        short = {"destination": ["-d"]}.get(name, [])
        parser.add_argument(*short, f"--{name}", action="append", default=[])
    parser.add_argument("--registry-certificate", action="append", default=[])
    for name in _SWITCHES:
        parser.add_argument(f"--{name}", nargs="?", const="true", default="false", choices=("true", "false"))
    for name in _IGNORED_VALUES:
        parser.add_argument(*(["-v"] if name == "verbosity" else []), f"--{name}", action="append")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Build and push as the arguments say; return the exit code (1 for every failure, as kaniko)."""
    try:
        arguments = _parser().parse_args(sys.argv[1:] if argv is None else argv)
    except SystemExit as end:
        return 1 if end.code else 0
    try:
        _run(arguments)
    except SlipwayError as error:
        print(f"error building image: {error}", file=sys.stderr, flush=True)
        return 1
    except OSError as error:
        print(f"error building image: {error.filename or ''}: {error.strerror}", file=sys.stderr, flush=True)
        return 1
    return 0


def _run(arguments: argparse.Namespace) -> None:
    if not arguments.destination and arguments.no_push != "true":
        raise Invalid("--destination", "must be given, or --no-push")
    destinations = [parse_reference(text) for text in arguments.destination]
    with ExitStack() as stack:
        context = _context(arguments, stack)
        dockerfile = _dockerfile(arguments.dockerfile, context)
        with open(dockerfile, encoding="utf-8") as file:
            text = file.read()
        image = stack.enter_context(build(context, text, options=_options(arguments, dockerfile)))
        for warning in image.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        print(f"built {image.digest} ({len(image.layers)} layers)", flush=True)
        _write_layouts(arguments, image, destinations)
        if arguments.no_push != "true":
            for destination in destinations:
                _push(arguments, image, destination)
        _write_digests(arguments, image, destinations)


def _context(arguments: argparse.Namespace, stack: ExitStack) -> str:
    given: str = arguments.context
    scheme, mark, rest = given.partition("://")
    if mark and scheme not in ("dir", "tar"):
        raise Invalid("--context", f"{scheme}:// is not supported", hint="clone or download it before, then dir://")
    path = rest if mark else given
    if mark and scheme == "tar":
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="slipway-context-"))
        with tarfile.open(path) as archive:
            extract(archive, folder)
        path = folder
    return os.path.join(path, str(arguments.context_sub_path))


def _dockerfile(given: str, context: str) -> str:
    # Relative to the context first, as kaniko does, then to the working directory.
    for path in (os.path.join(context, given), given):
        if os.path.isfile(path):
            return path
    raise Invalid("--dockerfile", f"'{given}' is neither in the context {context} nor here")


def _options(arguments: argparse.Namespace, dockerfile: str) -> Options:
    return Options(
        dockerfile=dockerfile,
        build_args=_pairs("--build-arg", arguments.build_arg),
        labels=_pairs("--label", arguments.label),
        target=arguments.target,
        architecture=arguments.custom_platform.partition("/")[2].partition("/")[0],
        compress=arguments.compression_level if arguments.compression == "gzip" else 0,
        connect=lambda reference: _registry(arguments, reference, pull=True),
    )


def _pairs(flag: str, texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals and flag == "--label":
            raise Invalid(flag, f"'{text}' is not NAME=value")
        if equals or name in os.environ:
            found[name] = value if equals else os.environ[name]
    return found


def _registry(arguments: argparse.Namespace, reference: Reference, *, pull: bool) -> Registry:
    host = reference.host
    insecure = arguments.insecure_pull if pull else arguments.insecure
    plain = True if insecure == "true" or host in arguments.insecure_registry else None
    skip = arguments.skip_tls_verify_pull if pull else arguments.skip_tls_verify
    verify = not (skip == "true" or host in arguments.skip_tls_verify_registry)
    certificates = _pairs("--registry-certificate", arguments.registry_certificate)
    return Registry(host, plain_http=plain, verify=verify, ca=certificates.get(host))


def _push(arguments: argparse.Namespace, image: BuiltImage, destination: Reference) -> None:
    registry = _registry(arguments, destination, pull=False)
    try:
        push(image, destination, registry)
    finally:
        registry.close()
    print(f"pushed {destination}@{image.digest}", flush=True)


def _write_digests(arguments: argparse.Namespace, image: BuiltImage, destinations: Sequence[Reference]) -> None:
    named = "".join(f"{item.name}@{image.digest}\n" for item in destinations)
    tagged = "".join(f"{item.name}:{item.tag}@{image.digest}\n" for item in destinations)
    _write(arguments.digest_file, image.digest)
    _write(arguments.image_name_with_digest_file, named)
    _write(arguments.image_name_tag_with_digest_file, tagged)


def _write(path: str, text: str) -> None:
    if path:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def _write_layouts(arguments: argparse.Namespace, image: BuiltImage, destinations: Sequence[Reference]) -> None:
    if arguments.tar_path:
        with tempfile.TemporaryDirectory(prefix="slipway-layout-") as folder:
            _oci_layout(folder, image, destinations)
            with tarfile.open(arguments.tar_path, "w") as archive:
                archive.add(folder, arcname=".")
    if arguments.oci_layout_path:
        _oci_layout(arguments.oci_layout_path, image, destinations)


def _oci_layout(folder: str, image: BuiltImage, destinations: Sequence[Reference]) -> None:
    """Write the image as an OCI layout. Layers of a pulled base are left in their registry: refused."""
    blobs = os.path.join(folder, "blobs", "sha256")
    os.makedirs(blobs, exist_ok=True)
    for layer in image.layers:
        if not layer.path:
            raise Invalid("--oci-layout-path", "works only for images without a pulled base", hint="push it instead")
        with open(layer.path, "rb") as source, open(os.path.join(blobs, layer.digest[7:]), "wb") as target:
            target.write(source.read())
    config_digest = json.loads(image.manifest)["config"]["digest"]
    for digest, body in ((config_digest, image.config_body), (image.digest, image.manifest)):
        with open(os.path.join(blobs, digest[7:]), "wb") as target:
            target.write(body)
    entry: dict[str, object] = {"mediaType": MANIFEST_OCI, "digest": image.digest, "size": len(image.manifest)}
    if destinations:
        entry["annotations"] = {"org.opencontainers.image.ref.name": str(destinations[0])}
    _write(os.path.join(folder, "oci-layout"), json.dumps({"imageLayoutVersion": "1.0.0"}))
    _write(os.path.join(folder, "index.json"), json.dumps({"schemaVersion": 2, "manifests": [entry]}))

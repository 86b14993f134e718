# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""URLs as Go's net/url reads and prints them, so that two programs agree on what is one address. Pure.

Source: Go net/url (1.26) Parse, URL.String.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .._core.errors import Invalid

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*):")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_PORT = re.compile(r"^(:[0-9]*)?$")
_KEPT = re.compile(r"[A-Za-z0-9\-_.~!$&'()*+,;=:@/\[\]%]*")
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~$&+,/:;=@")
_BAD_HOST = re.compile(r"[ <>\"]")


@dataclass(frozen=True, slots=True)
class Url:
    """The parts of a URL as written. `user` is user[:password], None without one; `authority` says whether // came."""

    scheme: str = ""
    opaque: str = ""
    user: str | None = None
    host: str = ""
    path: str = ""
    query: str | None = None
    fragment: str = ""
    authority: bool = False

    @property
    def hostname(self) -> str:
        """The host without its port and brackets."""
        name = self.host[: len(self.host) - len(self.port) - 1] if self.port else self.host.removesuffix(":")
        return name.removeprefix("[").removesuffix("]")

    @property
    def port(self) -> str:
        """The port as text, empty without one."""
        found = re.search(r":([0-9]+)$", self.host)
        return found[1] if found else ""

    def __str__(self) -> str:
        tail = (f"?{self.query}" if self.query is not None else "") + (f"#{self.fragment}" if self.fragment else "")
        scheme = f"{self.scheme}:" if self.scheme else ""
        if self.opaque:
            return f"{scheme}{self.opaque}{tail}"
        user = f"{self.user}@" if self.user is not None else ""
        start = f"//{user}{self.host}" if self.authority or self.host else ""
        path = _escaped(self.path)
        if path and not path.startswith("/") and self.host:
            path = f"/{path}"
        return f"{scheme}{start}{path}{tail}"

    def without_user(self) -> Url:
        """Return the same URL without user and password."""
        return replace(self, user=None)


def parse(text: str) -> Url:
    """Return the parts of a URL, absolute or relative. Invalid with Go's message for what is none."""
    try:
        return _parse(text)
    except Invalid as error:
        raise Invalid("", f'parse "{text}": {error.message}') from None


def is_url(text: str) -> bool:
    """Return whether Go would parse the text (nearly everything)."""
    try:
        parse(text)
    except Invalid:
        return False
    return True


def _parse(text: str) -> Url:
    if _CONTROL.search(text):
        raise Invalid("", "net/url: invalid control character in URL")
    rest, mark, fragment = text.partition("#")
    _check_escapes(fragment)
    scheme, rest = _scheme(rest)
    rest, question, query = rest.partition("?")
    url = Url(scheme=scheme, query=query if question else None, fragment=fragment if mark else "")
    if not rest.startswith("/"):
        if scheme:
            return replace(url, opaque=rest)
        if ":" in rest.split("/", maxsplit=1)[0]:
            raise Invalid("", "first path segment in URL cannot contain colon")
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        user, host = _authority(authority)
        _check_escapes(slash + path)
        return replace(url, user=user, host=host, path=slash + path, authority=True)
    _check_escapes(rest)
    return replace(url, path=rest)


def _scheme(text: str) -> tuple[str, str]:
    found = _SCHEME.match(text)
    if found:
        return found[1].lower(), text[found.end() :]
    if text.startswith(":"):
        raise Invalid("", "missing protocol scheme")
    return "", text


def _authority(text: str) -> tuple[str | None, str]:
    user, at, host = text.rpartition("@")
    if at and re.search(r"[^A-Za-z0-9\-._:~!$&'()*+,;=%@]", user):
        raise Invalid("", "net/url: invalid userinfo")
    _check_escapes(user)
    name, bracket, tail = host.rpartition("]")
    if host.startswith("[") and not bracket:
        raise Invalid("", "missing ']' in host")
    port = tail if bracket else host[host.rfind(":") :] if ":" in host else ""
    if not _PORT.match(port):
        raise Invalid("", f'invalid port "{port}" after host')
    if _BAD_HOST.search(host) or (not bracket and name):
        raise Invalid("", f'invalid character "{_BAD_HOST.findall(host)[0]}" in host name')
    _check_escapes(host)
    return (user if at else None), host


def _check_escapes(text: str) -> None:
    bad = _ESCAPE.search(text)
    if bad:
        raise Invalid("", f'invalid URL escape "{bad[0]}"')


def _escaped(path: str) -> str:
    """Keep the path as it was written where that is a legal way of writing it, escape it otherwise."""
    if _KEPT.fullmatch(path):
        return path
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), path.encode())
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in raw)

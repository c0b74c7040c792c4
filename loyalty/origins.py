"""Sites: one spelling for the origin a browser names, `https://shop.example` or `https://shop.example:8443`."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

import idna

from loyalty.errors import InvalidOrigin

_LONGEST = 300
_PORTS = {"https": 443, "http": 80}
_LOOPBACK = ("localhost", "127.0.0.1")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def normalise_origin(text: object, *, loopback: bool = False, field: str | None = "origin") -> str:
    """The exact origin of what people write or paste: `Shop.example/menu` is `https://shop.example`.

    An international name is kept in its ASCII form, as browsers send it. `loopback` allows this machine too, without
    TLS as well. Raises `InvalidOrigin`: a wildcard, an IP address, a bare word, a name and password before the host.
    """
    if not isinstance(text, str) or not 0 < len(written := text.strip()) <= _LONGEST or not written.isprintable():
        raise InvalidOrigin("is not the address of a site", field=field)
    parts, port = _split(written if _SCHEME.match(written) else f"https://{written}", field)
    scheme, host = parts.scheme.lower(), _host(parts, field)
    if host in _LOOPBACK and not loopback:
        raise InvalidOrigin("is this machine itself", field=field)
    if scheme != "https" and not (scheme == "http" and host in _LOOPBACK):
        raise InvalidOrigin("must begin with https://", field=field)
    return f"{scheme}://{host}" + (f":{port}" if port not in (None, _PORTS[scheme]) else "")


def is_loopback(origin: str) -> bool:
    """Whether it is this machine, which only the sandbox allows."""
    return host_of(origin) in _LOOPBACK


def host_of(origin: str) -> str:
    """The host alone, in ASCII."""
    return urlsplit(origin).hostname or ""


def readable_host(origin: str) -> str:
    """The host as people write it: `кофейня.рф` of `https://xn--e1aiboc0b6e.xn--p1ai`."""
    try:
        return idna.decode(host_of(origin))
    except idna.IDNAError:
        return host_of(origin)


def _split(address: str, field: str | None) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(address)
        return parts, parts.port
    except ValueError:
        raise InvalidOrigin("is not the address of a site", field=field) from None


def _host(parts: SplitResult, field: str | None) -> str:
    if "@" in parts.netloc or "\\" in parts.netloc:
        raise InvalidOrigin("must not hold a name or a password", field=field)
    name = (parts.hostname or "").rstrip(".")
    if name in _LOOPBACK:
        return name
    if "*" in name:
        raise InvalidOrigin("must be one site, without *", field=field)
    if _is_ip(name):
        raise InvalidOrigin("must be a name, not an IP address", field=field)
    try:
        host = idna.encode(name, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise InvalidOrigin("is not the address of a site", field=field) from None
    if "." not in host or _is_ip(host) or host.rpartition(".")[2].isdigit():
        raise InvalidOrigin("is not the address of a site", field=field)
    return host


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

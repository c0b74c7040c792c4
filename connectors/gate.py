"""The gate for addresses that strangers type: what is fetched from there, and what is never reached.

Whoever may name an address for us to open could name our own machines (server-side request forgery). So: https on its own
port, a host all of whose addresses are public, the connection made to the very address that was looked at (a name that
answers otherwise the second time gains nothing), every redirect looked at anew, and an end to time and size whatever the
other side does. Nothing of ours is sent along.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from connectors.errors import ConnectorError

PORT = 443
HOPS = 3
"""So many redirects are followed."""
SECONDS = 8.0
"""For everything but asking for the host's addresses, which ends by itself."""
TRIED = 2
"""So many of a host's addresses are tried."""
AGENT = "Kopilka/1 (+site check)"

_REDIRECTS = {301, 302, 303, 307, 308}
_KEPT_AS_THEY_ARE = "/%:=&?~+!$,;'@()*[]"
_EMBED_OTHERS = tuple(
    ipaddress.ip_network(block) for block in ("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)
"""Ways to write an IPv4 address into an IPv6 one, which a router on the way may open again."""


@dataclass(frozen=True)
class Page:
    """What was there, and where in the end; `is_cut` when there was more of it."""

    url: str
    status: int
    content_type: str
    body: bytes
    is_cut: bool


def is_public(address: str) -> bool:
    """Whether an IP address is of the public network: not of a machine, a site, a link, a group, or of none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if any(found in block for block in _EMBED_OTHERS) or found.is_site_local:
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def find_addresses(host: str) -> list[str]:
    """The host's IP addresses as the system knows them; none when there are none."""
    try:
        found = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(row[4][0] for row in found))


@dataclass(frozen=True)
class Gate:
    """`fetch` is what it is for; the rest is what tests put in place of the network."""

    resolve: Callable[[str], Sequence[str]] = find_addresses
    connect: Callable[..., socket.socket] = socket.create_connection
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    seconds: float = SECONDS

    def fetch(self, url: str, *, most_bytes: int) -> Page:
        """What is at an address, whatever its status, and no more than `most_bytes` of it.

        Raises `ConnectorError`: not_https, forbidden_port, forbidden_address, unresolved, unreachable, bad_certificate,
        timed_out, too_many_redirects, bad_answer.
        """
        until = monotonic() + self.seconds
        for _hop in range(HOPS + 1):
            target = _read(url)
            status, headers, body = self._ask(target, until, most_bytes)
            onward = headers.get("Location")
            if status not in _REDIRECTS or not onward:
                return Page(url, status, headers.get_content_type(), body[:most_bytes], len(body) > most_bytes)
            url = urljoin(url, onward)
        raise ConnectorError("too_many_redirects", retryable=False)

    def _ask(self, target: SplitResult, until: float, most_bytes: int):
        line = self._open(target.hostname, until)
        is_late = threading.Event()

        def cut() -> None:
            is_late.set()
            handle.shutdown(socket.SHUT_RDWR)

        # each read may be short and yet all of them long: whatever is being waited for, in time the line is cut
        with socket.socket(fileno=socket.dup(line.fileno())) as handle:
            clock = threading.Timer(max(until - monotonic(), 0), cut)
            clock.start()
            try:
                found = _talk(self.trust, line, target, most_bytes)
                if is_late.is_set():
                    raise TimeoutError  # what came so far looked whole
                return found
            except ssl.SSLCertVerificationError:
                raise ConnectorError("bad_certificate", retryable=False) from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                if is_late.is_set() or isinstance(error, TimeoutError):
                    raise ConnectorError("timed_out", retryable=True) from None
                code = "unreachable" if isinstance(error, OSError) else "bad_answer"
                raise ConnectorError(code, retryable=True) from None
            finally:
                clock.cancel()
                clock.join()
                line.close()

    def _open(self, host: str, until: float) -> socket.socket:
        """A connection to one of the host's addresses, every one of which is public."""
        addresses = sorted(self.resolve(host), key=lambda address: ":" in address)
        if not addresses:
            raise ConnectorError("unresolved", retryable=True)
        if not all(is_public(address) for address in addresses):
            raise ConnectorError("forbidden_address", retryable=False)
        for address in addresses[:TRIED]:
            try:
                return self.connect((address, PORT), timeout=max(until - monotonic(), 0.01))
            except OSError:
                continue
        raise ConnectorError("timed_out" if monotonic() >= until else "unreachable", retryable=True)


def _read(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConnectorError("bad_answer", retryable=False) from None
    if parts.scheme != "https":
        raise ConnectorError("not_https", retryable=False)
    if port not in (None, PORT):
        raise ConnectorError("forbidden_port", retryable=False)
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise ConnectorError("bad_answer", retryable=False)
    return parts


def _talk(trust: ssl.SSLContext, line: socket.socket, target: SplitResult, most_bytes: int):
    host = target.hostname
    path = quote(target.path or "/", safe=_KEPT_AS_THEY_ARE) + ("?" if target.query else "")
    with trust.wrap_socket(line, server_hostname=host) as secured:
        connection = http.client.HTTPConnection(host, PORT)
        connection.auto_open = 0  # it would ask for the address anew
        connection.sock = secured
        connection.putrequest(
            "GET", path + quote(target.query, safe=_KEPT_AS_THEY_ARE), skip_host=True, skip_accept_encoding=True
        )
        for name, value in (
            ("Host", host),
            ("User-Agent", AGENT),
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
        ):
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read(most_bytes + 1)
        if len(body) <= most_bytes and answer.length:
            raise http.client.IncompleteRead(body, answer.length)
        return answer.status, answer.headers, body

"""Which requests a port of ours answers: those of programs, not those of web pages of other sites.

A page of any site can send requests to loopback.  This is for the ports that no web page is meant to call (the control
port, the Runtime API); the listeners of the configuration answer what AWS answers.

Facts (Fetch standard; W3C Fetch Metadata Request Headers; RFC 9110, 7.2; RFC 6761, 6.3):

- A browser writes ``Host``, ``Origin`` and ``Sec-Fetch-…`` itself; a page cannot change them.  Programs as a rule send
  no ``Origin`` and no ``Sec-Fetch-Site``; ``fetch`` of Node.js sends ``Sec-Fetch-Mode`` alone.
- A page that has its own name resolve to loopback (DNS rebinding) sends that name as ``Host``.
- Everything but GET and HEAD has an ``Origin``, ``null`` where the page has none to tell.  An image, a script and a
  navigation have none, but ``Sec-Fetch-Site``, which is sent to ``https`` and to loopback only: to 127.0.0.0/8, ::1,
  localhost and names below it, not to 0.0.0.0, IPv4-mapped addresses or the machine's other addresses.  So what comes
  to one of those cannot be told from a page's request, and they are no names of this machine.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

from gateway.errors import UsageError

_LONGEST: Final = 300
_SHOWN: Final = 80
_HOST: Final = re.compile(r"(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?)(?::([0-9]{0,5}))?")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*")
_AUTHORITY_END: Final = re.compile(rb"[/?#]")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
_OWN_SITES: Final = (b"same-origin", b"none")  # "none" is the user's doing: an address typed in, a bookmark
_HOST_ADVICE: Final = "this port answers to loopback names and addresses; gateway serve --allow-host NAME adds one"
_ORIGIN_ADVICE: Final = (
    "pages of other origins may not call this port; gateway serve --allow-origin ORIGIN lets them in"
)


class AllowedCallers(NamedTuple):
    """Who may call beside programs on this machine.

    Attributes:
        hosts: Further names and addresses for ``Host``, as `allowed_callers` writes them.
        origins: Origins whose pages may call, likewise.
    """

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()


THIS_MACHINE: Final = AllowedCallers()


class _Facts(NamedTuple):
    """What of a request's headers is looked at; the values of each in their order."""

    hosts: list[bytes]
    origins: list[bytes]
    sites: list[bytes]
    modes: list[bytes]
    destinations: list[bytes]


class _Address(NamedTuple):
    """A host with its port, "" for none; in lower case, without a dot at the end."""

    name: str
    port: str


def allowed_callers(hosts: Iterable[str], origins: Iterable[str]) -> AllowedCallers:
    """The values of ``--allow-host`` and ``--allow-origin``.

    Raises:
        UsageError: One of them is no host, or no origin.
    """
    return AllowedCallers(frozenset(map(_given_host, hosts)), frozenset(map(_given_origin, origins)))


def allows_origin(value: bytes, allowed: AllowedCallers) -> bool:
    """Whether the pages of an origin may call, by the value of the header ``Origin``."""
    return _normal_origin(value.decode("latin-1")) in allowed.origins if allowed.origins else False


def refusal(
    method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]], allowed: AllowedCallers, *, pages: bool
) -> str:
    """Why a request may not be answered, with the option that allows it; "" when it may.

    Args:
        method: In capitals.
        target: As it was sent; an absolute one has an authority.
        headers: Names in lower case.
        allowed: Who may call beside programs on this machine.
        pages: A user may open what GET answers, from a link on any page: that does nothing, and no page can read it.
    """
    facts = _facts_of(headers)
    authority = _authority(target)
    named = [authority] if authority is not None else []
    if facts.hosts:
        named.append(b", ".join(facts.hosts))
    for value in named:
        if not _is_own(_address(value.decode("latin-1")), allowed):
            what = "the request target" if value is authority else "the header Host"
            return f"{what} names {shown(value)}, and {_HOST_ADVICE}"
    if facts.origins and all(allows_origin(origin, allowed) for origin in facts.origins):
        return ""
    host = named[0].decode("latin-1") if named else ""
    for origin in facts.origins:
        if not _is_same_origin(origin.decode("latin-1"), host):
            return f"the header Origin is {shown(origin)}, and {_ORIGIN_ADVICE}"
    for site in facts.sites:
        if site not in _OWN_SITES and not (pages and _is_navigation(method, facts)):
            return f"the header Sec-Fetch-Site is {shown(site)}, and {_ORIGIN_ADVICE}"
    return ""


def _facts_of(headers: Iterable[tuple[bytes, bytes]]) -> _Facts:
    facts = _Facts([], [], [], [], [])
    places = {
        b"host": facts.hosts,
        b"origin": facts.origins,
        b"sec-fetch-site": facts.sites,
        b"sec-fetch-mode": facts.modes,
        b"sec-fetch-dest": facts.destinations,
    }
    for name, value in headers:
        if (place := places.get(name)) is not None:
            place.append(value.strip())
    return facts


def _authority(target: bytes) -> bytes | None:
    """The authority of a target in absolute form or of CONNECT, which goes before ``Host`` (RFC 9112, 3.2.2)."""
    if target.startswith((b"/", b"*")) or not target:
        return None
    _, separator, rest = target.partition(b"://")
    return _AUTHORITY_END.split(rest if separator else target, maxsplit=1)[0]


def _is_own(address: _Address | None, allowed: AllowedCallers) -> bool:
    if address is None:
        return False
    name = address.name
    if name in ("localhost", "[::1]") or name.endswith(".localhost") or name in allowed.hosts:
        return True
    try:
        return name.startswith("127.") and bool(IPv4Address(name))
    except ValueError:
        return False


def _is_same_origin(origin: str, host: str) -> bool:
    scheme, _, rest = origin.lower().partition("://")
    page, own = _address(rest), _address(host)
    port = _DEFAULT_PORTS.get(scheme)
    if page is None or own is None or port is None:
        return False
    return (page.name, page.port or port) == (own.name, own.port or port)


def _is_navigation(method: str, facts: _Facts) -> bool:
    """The browser goes to the address with a whole tab or window: not inside a frame, and not to send a form."""
    return method == "GET" and facts.modes == [b"navigate"] and facts.destinations == [b"document"]


def _address(text: str) -> _Address | None:
    """A host with or without a port, None for what is none."""
    match = _HOST.fullmatch(text.lower()) if len(text) <= _LONGEST else None
    if match is None:
        return None
    literal, name, port = match.groups("")
    if not literal:
        return _Address(name, port)
    try:
        return _Address(f"[{IPv6Address(literal)}]", port)
    except ValueError:
        return None


def _normal_origin(text: str) -> str:
    """An origin as browsers write it, "" for what is none."""
    scheme, _, rest = text.lower().partition("://")
    address = _address(rest)
    if address is None or not _SCHEME.fullmatch(scheme):
        return ""
    is_default = address.port in ("", _DEFAULT_PORTS.get(scheme))
    return f"{scheme}://{address.name}" if is_default else f"{scheme}://{address.name}:{address.port}"


def _given_host(text: str) -> str:
    address = _address(f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text)
    if address is None or address.port or text.endswith(":"):
        example = "such as host.docker.internal"
        raise UsageError(f"--allow-host {text[:_SHOWN]}: write a name or an address without a port, {example}")
    return address.name


def _given_origin(text: str) -> str:
    origin = _normal_origin(text)
    if not origin:
        example = "such as http://localhost:5173"
        raise UsageError(f"--allow-origin {text[:_SHOWN]}: write scheme://host or scheme://host:port, {example}")
    return origin


def shown(value: bytes) -> str:
    """A value from outside for messages and logs: bounded, in quotes, in printable ASCII."""
    text = value[: _SHOWN + 1].decode("latin-1")
    return ascii(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!a}…"

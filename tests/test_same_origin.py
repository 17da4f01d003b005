"""Who may call a port of ours: programs, and no web page of another site."""

import pytest

from gateway.errors import UsageError
from gateway.same_origin import THIS_MACHINE, AllowedCallers, allowed_callers, allows_origin, refusal, shown

PORT = b"127.0.0.1:3001"
FRIENDS = allowed_callers(["host.docker.internal", "fd00:0::1", "192.168.1.5"], ["http://localhost:5173"])
CROSS = (b"sec-fetch-site", b"cross-site")
NAVIGATION = [CROSS, (b"sec-fetch-mode", b"navigate"), (b"sec-fetch-dest", b"document")]

Lines = list[tuple[bytes, bytes]]


def asked(
    headers: Lines,
    *,
    method: str = "POST",
    target: bytes = b"/x",
    allowed: AllowedCallers = THIS_MACHINE,
    pages: bool = True,
) -> str:
    """Why a request to 127.0.0.1:3001 is refused."""
    return refusal(method, target, headers, allowed, pages=pages)


@pytest.mark.parametrize(
    "host",
    [
        b"127.0.0.1:3001",
        b"127.0.0.1",
        b"127.255.3.4:1",
        b"127.0.0.1.",
        b"localhost",
        b"LocalHost:3001",
        b"localhost.:3001",
        b"a.localhost:3001",
        b"evil.localhost.",
        b"[::1]",
        b"[::1]:3001",
        b"[0:0:0:0:0:0:0:1]:3001",
        b" localhost ",
        b"localhost:",
    ],
)
def test_loopback_names_and_addresses_pass(host: bytes) -> None:
    """With any port, a dot at the end, in any case."""
    assert asked([(b"host", host)]) == ""


@pytest.mark.parametrize(
    "host",
    [
        b"evil.example",
        b"evil.example:3001",
        b"localhost.evil.example:3001",
        b"127.0.0.1.evil.example",
        b"evil-localhost",
        b"notlocalhost:3001",
        b".localhost",
        b"a..localhost",
        b"localhost..",
        b"localhost:80@evil.example",
        b"evil.example#.localhost",
        b"evil.example\\.localhost",
        b"user@localhost",
        b"user:password@127.0.0.1:3001",
        b"localhost:abc",
        b"localhost:123456",
        b"localhost:80:80",
        b"localhost, evil.example",
        b"localhost evil.example",
        b"l\xf6calhost",
        b"0.0.0.0:3001",  # browsers go to this machine, and do not tell that a page asked
        b"192.168.1.5:3001",
        b"128.0.0.1",
        b"127.0.0.256",
        b"127.1",
        b"2130706433",
        b"[::]:3001",
        b"[::ffff:127.0.0.1]:3001",
        b"[::ffff:7f00:1]",
        b"[::1",
        b"::1",
        b"[::1%25lo]",
        b"[1]",
        b"a" * 250 + b"." + b"b" * 250 + b".localhost",
        b"",
        b":3001",
    ],
)
def test_other_hosts_are_refused(host: bytes) -> None:
    """A name that resolves to this machine is not its name; the text says what would let it in."""
    reason = asked([(b"host", host)])

    assert reason.startswith("the header Host names ")
    assert "--allow-host NAME" in reason


def test_no_host() -> None:
    """No browser sends a request without one (HTTP/1.0 has none); what a page adds is still refused."""
    assert asked([]) == ""
    assert asked([(b"origin", b"http://localhost")]) != ""


def test_several_hosts_are_refused() -> None:
    """Also when each of them is one of this machine: nobody can say which one is meant."""
    assert asked([(b"host", b"localhost"), (b"host", b"evil.example")]) != ""
    assert asked([(b"host", b"localhost"), (b"host", b"localhost")]) != ""


@pytest.mark.parametrize(
    ("target", "passes"),
    [
        (b"http://127.0.0.1:3001/x", True),
        (b"http://localhost", True),
        (b"http://localhost?a=http://evil.example", True),
        (b"/x?http://evil.example/", True),
        (b"*", True),
        (b"http://evil.example/x", False),
        (b"http://localhost@evil.example/", False),
        (b"http://evil.example?a=localhost", False),
        (b"HTTP://evil.example", False),
        (b"evil.example:443", False),
        (b"http:///x", False),
    ],
)
def test_authority_of_the_target(target: bytes, *, passes: bool) -> None:
    """An absolute target and that of CONNECT have a host of their own, which is held to the same rule."""
    reason = asked([(b"host", PORT)], target=target)

    assert (reason == "") == passes
    assert passes or reason.startswith("the request target names ")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
@pytest.mark.parametrize(
    "origin",
    [
        b"https://evil.example",
        b"http://evil.example:3001",
        b"http://localhost:5173",
        b"http://localhost:3001",  # the page came from another name of the same port
        b"http://127.0.0.1",
        b"null",
        b"file://",
        b"",
        b"127.0.0.1:3001",
        b"ftp://127.0.0.1:3001",
        b"http://127.0.0.1:3001/",
        b"http://127.0.0.1:3001 http://evil.example",
    ],
)
def test_other_origins_are_refused(method: str, origin: bytes) -> None:
    """A page of another scheme, name or port is another origin, and one without an origin is any."""
    reason = asked([(b"host", PORT), (b"origin", origin)], method=method)

    assert reason.startswith("the header Origin is ")
    assert "--allow-origin ORIGIN" in reason


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        (b"127.0.0.1:3001", b"http://127.0.0.1:3001"),
        (b"localhost", b"http://localhost"),
        (b"localhost:80", b"http://localhost"),
        (b"[::1]:3001", b"http://[::1]:3001"),
        (b"LOCALHOST.:3001", b"HTTP://localhost:3001"),
    ],
)
def test_own_origin_passes(host: bytes, origin: bytes) -> None:
    """A page of the port itself may call it."""
    assert asked([(b"host", host), (b"origin", origin), (b"sec-fetch-site", b"same-origin")]) == ""


def test_each_origin_counts() -> None:
    """A second line of the header does not hide behind the first."""
    own, evil = (b"origin", b"http://127.0.0.1:3001"), (b"origin", b"https://evil.example")

    assert asked([(b"host", PORT), own, evil]) != ""
    assert asked([(b"host", PORT), (b"origin", b"http://localhost:5173"), evil], allowed=FRIENDS) != ""


@pytest.mark.parametrize(
    ("site", "passes"),
    [
        (b"none", True),
        (b"same-origin", True),
        (b"same-site", False),
        (b"cross-site", False),
        (b"", False),
        (b"something-new", False),
    ],
)
def test_site_of_a_request_without_an_origin(site: bytes, *, passes: bool) -> None:
    """Images, scripts and frames have no origin; what the browser says of their site decides."""
    reason = asked([(b"host", PORT), (b"sec-fetch-site", site), (b"sec-fetch-mode", b"no-cors")], method="GET")

    assert (reason == "") == passes
    assert passes or "--allow-origin" in reason


def test_fetch_of_a_program_passes() -> None:
    """Node.js sends a mode, and neither a site nor an origin."""
    assert asked([(b"host", PORT), (b"sec-fetch-mode", b"cors")]) == ""


def test_a_link_to_a_page_of_ours_passes() -> None:
    """The user goes there with a whole tab; a port without pages knows no such thing."""
    assert asked([(b"host", PORT), *NAVIGATION], method="GET") == ""
    assert asked([(b"host", PORT), *NAVIGATION], method="GET", pages=False) != ""


@pytest.mark.parametrize(
    ("method", "lines"),
    [
        ("POST", NAVIGATION),
        ("HEAD", NAVIGATION),
        ("GET", [*NAVIGATION[:2], (b"sec-fetch-dest", b"iframe")]),
        ("GET", [*NAVIGATION[:2], (b"sec-fetch-dest", b"object")]),
        ("GET", [*NAVIGATION, (b"sec-fetch-dest", b"iframe")]),
        ("GET", [CROSS, (b"sec-fetch-mode", b"no-cors"), (b"sec-fetch-dest", b"document")]),
        ("GET", [*NAVIGATION, (b"origin", b"https://evil.example")]),
        ("GET", NAVIGATION[:2]),
    ],
)
def test_what_is_no_link_to_a_page(method: str, lines: Lines) -> None:
    """A form that is sent, a frame and an embedded document do not count as one."""
    assert asked([(b"host", PORT), *lines], method=method) != ""


def test_allowed_hosts_pass() -> None:
    """A name, and addresses however they are written; names below it are others."""
    for host in (b"host.docker.internal:3001", b"HOST.docker.internal.", b"192.168.1.5", b"[fd00::1]:3001"):
        assert asked([(b"host", host)], allowed=FRIENDS) == ""
    for host in (b"a.host.docker.internal", b"192.168.1.6", b"[fd00::2]"):
        assert asked([(b"host", host)], allowed=FRIENDS) != ""
    assert asked([(b"host", b"localhost")], allowed=FRIENDS) == ""


def test_allowed_origins_pass() -> None:
    """Whatever the browser says of the site, since the page's origin is known; others stay out."""
    lines = [(b"host", PORT), (b"origin", b"http://localhost:5173")]

    assert asked([*lines, (b"sec-fetch-site", b"same-site")], allowed=FRIENDS) == ""
    assert asked([*lines, CROSS], allowed=FRIENDS) == ""
    assert asked([(b"host", b"evil.example"), *lines[1:]], allowed=FRIENDS) != ""
    assert asked([(b"host", PORT), (b"origin", b"http://localhost:5174")], allowed=FRIENDS) != ""
    assert asked([(b"host", PORT), CROSS], method="GET", allowed=FRIENDS) != ""


def test_which_origins_are_allowed() -> None:
    """As browsers write them: in lower case, without the scheme's own port."""
    allowed = allowed_callers([], ["HTTPS://App.example:443", "chrome-extension://abc", "http://[::1]:8080"])

    assert allowed.origins == {"https://app.example", "chrome-extension://abc", "http://[::1]:8080"}
    assert allows_origin(b"https://app.example", allowed)
    assert not allows_origin(b"http://app.example", allowed)
    assert not allows_origin(b"null", allowed)


@pytest.mark.parametrize("host", ["", "a:80", "a:", "http://a", "a/b", "*", "*.a", "ä.example", "[::1]:80", "::g"])
def test_what_is_no_host(host: str) -> None:
    """One line names the option, what was given and what to give."""
    with pytest.raises(UsageError, match=r"^--allow-host .*: write a name or an address without a port, such as "):
        allowed_callers([host], [])


@pytest.mark.parametrize(
    "origin", ["", "null", "*", "http://*", "a.example", "http://a/", "http://", "http://a:b", "//a"]
)
def test_what_is_no_origin(origin: str) -> None:
    """A page without an origin can be anybody's, so ``null`` cannot be allowed."""
    with pytest.raises(UsageError, match=r"^--allow-origin .*: write scheme://host or scheme://host:port, such as "):
        allowed_callers([], [origin])


def test_what_messages_show_of_a_value() -> None:
    """No more than 80 letters of it, and none that a terminal obeys."""
    assert shown(b"a\x1b[2J\xe4") == r"'a\x1b[2J\xe4'"
    assert shown(b"a" * 81) == f"'{'a' * 80}'…"
    assert len(asked([(b"host", b"a" * 100_000)])) < 250

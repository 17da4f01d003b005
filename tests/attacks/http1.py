"""Cases in HTTP/1.1: several requests on a connection, most of them odd, the last one perhaps broken."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from tests.attacks import bodies, parts
from tests.attacks.case import Case, Dice, End, damaged, in_pieces
from tests.attacks.tokens import authorization, signed_lines

_SIGNED: Final[Mapping[str, str]] = {"url-iam": "lambda", "rest": "execute-api", "http": "execute-api"}


class Built(NamedTuple):
    """The bytes of a request; ``sure`` when its end is certain, so that an answer can be waited for."""

    data: bytes
    sure: bool
    fails: bool = False
    stops: bool = False


def odd_request(dice: Dice, listener: str, host: bytes) -> Built:
    """A request that is odd, but whose end is certain."""
    base = dice.one(parts.PATHS)
    method = dice.one(parts.METHODS) if dice.chance(0.97) else dice.one(parts.ODD_METHODS)
    body = bodies.NOTHING if method == b"GET" and dice.chance(0.9) else bodies.framed(dice)
    lines = parts.host_line(dice, host) + parts.header_lines(dice)
    target = parts.target(dice, base)
    if listener in _SIGNED and method.isalpha() and dice.chance(0.15):
        target = b"/admin" if listener != "url-iam" else b"/echo"
        lines = b"Host: " + host + b"\r\n" + signed_lines((method, target, body.body), host, _SIGNED[listener])
        body = bodies.Framed(b"Content-Length: %d\r\n" % len(body.body), body.body)
    elif dice.chance(0.15):
        lines += authorization(dice)
    version = dice.one(parts.VERSIONS)
    data = b"%b %b %b\r\n%b%b\r\n%b" % (method, target, version, lines, body.lines, body.body)
    return Built(data, sure=method != b"CONNECT", fails=may_fail(target), stops=_stops(method, lines))


def may_fail(sent: bytes) -> bool:
    """Whether a target names, percent-encoded or not, a path whose function fails or may return no result."""
    plain = unquote_to_bytes(sent) if b"%" in sent else sent
    return b"raise" in plain or b"mirror" in plain


def _stops(method: bytes, lines: bytes) -> bool:
    """Whether what follows on the connection may belong to this request, or to nobody."""
    return method == b"CONNECT" or b"pgrade:" in lines


def broken_request(dice: Dice, listener: str, host: bytes) -> Built:
    """A request that no server should take as it is."""
    base = dice.one(parts.PATHS)
    method = dice.one(parts.METHODS) if dice.chance(0.7) else dice.one(parts.ODD_METHODS)
    version = dice.one(parts.VERSIONS) if dice.chance(0.8) else dice.one(parts.ODD_VERSIONS)
    body = bodies.NOTHING
    if dice.chance(0.6):
        body = bodies.badly_framed(dice) if dice.chance(0.7) else bodies.framed(dice)
    lines = parts.host_line(dice, host) + parts.header_lines(dice)
    if dice.chance(0.5):
        lines += parts.bad_lines(dice)
    target = parts.target(dice, base)
    end = b"\r\n" if dice.chance(0.93) else dice.one((b"", b"\n", b"\r", b"\n\n", b"\r\n\r\n"))
    data = b"%b %b %b\r\n%b%b%b%b" % (method, target, version, lines, body.lines, end, body.body)
    if dice.chance(0.3):
        data = damaged(dice, data)
    del listener
    return Built(data, sure=False, fails=may_fail(target))


def junk(dice: Dice, listener: str, host: bytes) -> Built:
    """What is no HTTP/1.1 at all."""
    del listener, host
    match dice.upto(5):
        case 0:
            data = dice.randbytes(dice.upto(300))
        case 1:
            data = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + dice.randbytes(dice.upto(60))
        case 2:
            data = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + dice.randbytes(100)
        case 3:
            data = b"\r\n" * dice.upto(3000) + b"GET / HTTP/1.1\r\n"
        case _:
            data = b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"
    return Built(data, sure=False)


_BUILDERS: Final[tuple[Callable[[Dice, str, bytes], Built], ...]] = (*(broken_request,) * 15, junk)


def case(dice: Dice, listener: str, host: bytes = b"localhost", half_close: bool = True) -> Case:
    """What one connection sends.

    ``half_close``: the transport lets a client end its data and still read, as TLS does not.
    """
    built = [odd_request(dice, listener, host) for _ in range(dice.upto(8))]
    if not built or dice.chance(0.45):
        built.append(dice.one(_BUILDERS)(dice, listener, host))
    made = assemble(dice, listener, built)
    if not half_close and made.end is End.HALF:
        made.end = End.IDLE if dice.chance(0.1) else End.CLOSE
    return made


def assemble(dice: Dice, listener: str, built: list[Built]) -> Case:
    """One connection's requests, sent at once or in pieces, read at once, slowly or not at all."""
    sure = all(one.sure for one in built) and not any(one.stops for one in built[:-1])
    data = b"".join(one.data for one in built)
    made = Case(listener, [data], End.ANSWERS if sure else End.HALF, answers=len(built) if sure else 0)
    made.fails = any(one.fails for one in built)
    made.cut = not sure
    throw = dice.random()
    if throw < 0.10:
        made.sends = in_pieces(dice, data)
    elif throw < 0.12 and len(data) < 400:
        made.sends = [data[at : at + 1] for at in range(len(data))]
    elif throw < 0.15:
        made.slow = 0.02
    elif throw < 0.20:
        made.end = End.RESET
    elif throw < 0.22:
        made.end = End.CLOSE
    elif throw < 0.223 and listener.startswith("alb"):
        made.end = End.IDLE  # the others would wait for a minute
    return made

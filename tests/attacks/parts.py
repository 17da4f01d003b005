"""The words of hostile HTTP/1.1: methods, targets, versions, header lines."""

from collections.abc import Callable
from typing import Final

from tests.attacks.case import Dice

METHODS: Final = (b"GET",) * 6 + (
    b"POST",
    b"PUT",
    b"DELETE",
    b"PATCH",
    b"OPTIONS",
    b"HEAD",
    b"TRACE",
    b"PROPFIND",
    b"PURGE",
)
ODD_METHODS: Final = (
    b"get", b"GETT", b"", b"G\0T", b"GET\t", b"\xff", b"A" * 100, b"PRI", b"M-SEARCH", b"CONNECT", b"GE T", b"{}",
    b"GET:", b"LINK", b"LOCK", b"MKCALENDAR", b"QUERY", b"SOURCE", b"BIND", b"B" * 9000, b"\x16\x03\x01", b"\n\nGET",
    b"HTTP/1.1",
)  # fmt: skip
VERSIONS: Final = (b"HTTP/1.1",) * 30 + (b"HTTP/1.0",)
ODD_VERSIONS: Final = (
    b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/2", b"HTTP/11.1", b"HTTP/1.10", b"http/1.1", b"HTTP/", b"HTTP/1.",
    b"", b"HTTP/a.b", b"HTTP/1.1 ", b"HTTP/9.9", b"ICE/1.0", b"RTSP/1.0", b"HTTP/1.1\x00", b"HTTP /1.1", b"HTTP/-1.1",
)  # fmt: skip

_ODD_PATHS: Final = (
    b"*", b"//", b"/..", b"/../../etc/passwd", b"/./.", b"/a/../b", b"/%2e%2e/%2e%2e", b"/%", b"/%4", b"/%zz", b"/%00",
    b"/%2500", b"/%c0%ae", b"/%e0%80%af", b"/%ff", b"/\xff\xfe", b"/\xc3\xa9", b"/%u0041", b"/a;b=c", b"/a%2fb",
    b"/a%5cb", b"/a\\b", b"/#x", b"/a#b?c", b"/?", b"/??", b"/?a&&b=&=c", b"/?a=%", b"/?a=%zz&a=\xff", b"/?%00=%0d%0a",
    b"/?a[]=1&a[]=2", b"/?a=1;b=2", b"/\x80", b"/a+b?c+d", b"/<script>", b'/"', b"/'", b"/{x}", b"/{proxy+}",
    b"/$default", b"/$connect", b"/|", b"/^", b"/`", b"/ ", b"/a b", b"/\x01", b"/\x7f", b"/\t", b"a", b"", b"?",
    b"http://", b"http:///", b"http://h", b"http://h/p?q", b"HTTP://H/", b"https://h:1/", b"http://u:p@h/",
    b"http://[::1]/", b"http://[::1/", b"http://h:99999/", b"ftp://h/", b"://", b"x://y", b"h:80", b"h", b"[::1]:1",
    b"/a/b/c/d/e/f/g/h/i/j", b"/prod/@connections/x", b"/_gateway/health", b"/oauth2/idpresponse?state=x&code=y",
    b"/a//b///c", b"/%E2%80%AE", b"/\xed\xa0\x80", b"/%ED%A0%80", b"/%F0%9F%98%80", b"/AB%43", b"/?a=" + b"b" * 2000,
    b"/?" + b"&" * 1000, b"/?" + b"a=1&" * 500, b"/" + b"a/" * 1000, b"/" + b"%41" * 500, b"/" + b"../" * 500,
    b"/favicon.ico", b"/oauth2/idpresponse",
)  # fmt: skip
PATHS: Final = (
    b"/", b"/echo", b"/a/b", b"/echo?a=1&b=2&a=3", b"/pets/7", b"/mine", b"/admin", b"/simple", b"/old/x", b"/fixed",
    b"/away", b"/api/x", b"/valid", b"/mock", b"/stream", b"/mirror", b"/raise", b"/large", b"/key",
)  # fmt: skip
"""What the configuration has routes for; see `tests.attacks.stand`."""

_HOSTS: Final = (
    b"h", b"localhost", b"", b"a b", b"h:99999", b"h:x", b"[::1]", b"[::1", b"\xff", b"h,i", b"h/i", b"u@h", b"h#",
    b"h" * 300, b"127.0.0.1:80", b"..", b"xn--a", b"%41", b"h\x00", b"app.example.com", b"APP.example.com.", b"-", b"*",
    b"h?",
)  # fmt: skip
_VALUES: Final = (
    b"", b" ", b"\t", b"x", b"a\tb", b"\xff\xfe", b"\xc3\xa9", b"\xe2\x80\xa8", b"a,b,,c", b'"', b'"\\',
    b"=?utf-8?B?eA==?=", b"\\u0000", b"%0d%0aX: y", b"{{7*7}}", b"${jndi:x}", b"x" * 4000, b"\x80" * 500, b"0", b"-1",
    b"1e9", b"null", b"'", b";" * 200, b"," * 2000,
)  # fmt: skip
_BAD_LINES: Final = (
    b": x", b"x", b" X: y", b"X : y", b"X\t: y", b"X\0: y", b"X: \0", b"X: a\rb", b"X: a\nb", b"X: \x01", b"X: \x7f",
    b"X: a\r\n b", b"X:\r\n\ty", b"\xff: x", b"X(: y", b"X: " + b"y" * 20000, b"y" * 20000 + b": x", b"", b":", b"::",
    b"X: y\r", b"\x0bX: y", b"X: \x1b[31m", b"Content-Length", b"Content-Length:", b"Content-Length: a",
    b"Content-Length: -1", b"Content-Length: +1", b"Content-Length: 0x1", b"Content-Length: 1, 1",
    b"Content-Length: 1_0", b"Content-Length: " + b"9" * 30, b"Content-Length: 1e1",
    b"Content-Length: 18446744073709551616", b"Content-Length : 3", b"Content-Length: 3\r\nContent-Length: 4",
    b"Content-Length: \xb2", b"Transfer-Encoding: x", b"Transfer-Encoding: chunked, x",
    b"Transfer-Encoding: x, chunked", b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding:",
    b"Transfer-Encoding: \x0bchunked", b"Transfer-Encoding: identity", b"Transfer-Encoding: CHUNKED ",
    b"Transfer-Encoding : chunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    b'transfer-encoding: "chunked"', b"Transfer_Encoding: chunked", b"Transfer-Encoding: gzip\r\nContent-Length: 3",
    b"Transfer-Encoding: chunked\r\nContent-Length: 3",
)  # fmt: skip
_GOOD_LINES: Final = (
    b"Connection: close", b"Connection: keep-alive", b"Connection: x-amzn-oidc-identity, host", b"Connection: ,,,",
    b"Connection: \xff", b"Connection: upgrade", b"Keep-Alive: timeout=0", b"Proxy-Connection: x",
    b"TE: trailers, deflate;q=0.5", b"Trailer: X-Y", b"Expect: 100-continue", b"Expect: x", b"Expect:",
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__", b"Upgrade: websocket\r\nConnection: Upgrade",
    b"Upgrade: TLS/1.0\r\nConnection: upgrade", b"Max-Forwards: 0", b"Range: bytes=0-", b"Cookie: a=b; c=d; a=b",
    b"Cookie: =", b"Cookie: ;;;", b"Cookie: a", b'Cookie: a="b;c"', b"Cookie: AWSALB=x; AWSALBTG=%00",
    b"Cookie: AWSELBAuthSessionCookie-0=x; AWSALBAuthNonce=y", b"Cookie: \xff=\xfe", b"Cookie: a=b\r\nCookie: c=d",
    b"X-Forwarded-For: 1.2.3.4", b"X-Forwarded-For: 1.2.3.4, ::1, x, [::1]:80", b"X-Forwarded-For: ,",
    b"X-Forwarded-For: " + b"1.1.1.1," * 400, b"X-Forwarded-Proto: gopher", b"X-Forwarded-Port: -1",
    b"X-Forwarded-Host: x", b"Forwarded: for=x", b"X-Real-Ip: y", b"X-Amzn-Trace-Id: Root=1-0-0",
    b"X-Amzn-Trace-Id: Self=1;Root=x;;=;Lineage=1:1:1", b"X-Amzn-Trace-Id: \xff", b"X-Amzn-Trace-Id:",
    b"X-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678;Lineage=1:00000000:99",
    b"X-Amzn-Trace-Id: " + b"a=b;" * 300, b"X-Amz-Date: x", b"X-Amz-Date: 20990101T000000Z", b"X-Amzn-Oidc-Data: x.y.z",
    b"X-Amzn-Oidc-Identity: root", b"X-Amzn-Mtls-Clientcert-Subject: CN=x", b"Content-Type: ",
    b"Content-Type: application/json; charset=\xff", b"Content-Type: multipart/form-data",
    b"Content-Type: text/plain; charset=utf-7", b"Content-Encoding: gzip", b"Content-Encoding: br", b"Accept: */*;q=9",
    b"Accept-Encoding: gzip;q=x", b"If-None-Match: *", b"Origin: null", b"Origin: https://app.example.com",
    b"Origin: https://app.example.com\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: a, \xff",
    b"Sec-Fetch-Site: cross-site", b"x-api-key: a-key-of-at-least-20-characters", b"x-api-key: \xff", b"Referer: x",
    b"User-Agent:", b"X-HTTP-Method-Override: DELETE", b"X-Mirror: a\tb", b"X-Mirror: \xc3\xa9",
    b"X-Mirror: %0d%0aSet-Cookie: a", b"X-Mirror: Content-Length", b"X-Gateway-Source-Ip: x", b"X-Amzn-RequestId: x",
    b"Authorization:", b"Via: 1.1 x", b"Date: x", b"Server: y", b"Set-Cookie: z",
)  # fmt: skip

_NAMES: Final = (
    b"X-A",
    b"x-a",
    b"X_A",
    b"X.A",
    b"!#$%&'*+-.^_`|~",
    b"A" * 300,
    b"Content-MD5",
    b"Accept",
    b"From",
    b"Warning",
    b"X-Mirror",
)

UNRESERVED: Final = b"abcdefghijklmnopqrstuvwxyz0123456789-._~"


def target(dice: Dice, base: bytes) -> bytes:
    """A request target; ``base`` is a path that means something where it is sent."""
    throw = dice.random()
    if throw < 0.35:
        return base
    if throw < 0.70:
        return dice.one(_ODD_PATHS)
    if throw < 0.80:
        return base + dice.one(_ODD_PATHS)
    if throw < 0.90:
        limit = 223 if dice.chance(0.2) else 94
        return base + bytes(33 + dice.upto(limit) for _ in range(dice.upto(20)))
    if throw < 0.985:
        at = dice.upto(len(base) + 1)
        return base[:at] + b"%%%02X" % dice.upto(256) + base[at:]
    return base + bytes([33 + dice.upto(90)]) * dice.one((7000, 8150, 8192, 10230, 16300, 16400, 66000))


def host_line(dice: Dice, host: bytes) -> bytes:
    """The Host line, mostly a good one: as it is, odd, missing or twice."""
    throw = dice.random()
    if throw < 0.75:
        return b"Host: " + host + b"\r\n"
    if throw < 0.95:
        return b"Host: " + dice.one(_HOSTS) + b"\r\n"
    if throw < 0.97:
        return b""
    return b"Host: " + host + b"\r\nhost: " + dice.one(_HOSTS) + b"\r\n"


def _many(dice: Dice) -> bytes:
    """Very many lines, or few very long ones."""
    match dice.upto(5):
        case 0:
            return b"X-A: b\r\n" * dice.one((90, 110, 1100, 4000))
        case 1:
            return b"".join(b"X-%d: %d\r\n" % (number, number) for number in range(dice.one((50, 200, 1000))))
        case 2:
            return b"X-A: " + b"b" * dice.one((8170, 10230, 16370, 16384, 33000, 70000)) + b"\r\n"
        case 3:
            return b"Cookie: " + b"a=b; " * dice.one((100, 1500, 3000)) + b"c=d\r\n"
        case _:
            return b"X" * dice.one((1000, 8170, 17000)) + b": b\r\n"


def _named(dice: Dice) -> bytes:
    return dice.one(_NAMES) + b": " + dice.one(_VALUES) + b"\r\n"


def _random_value(dice: Dice) -> bytes:
    limit = 224 if dice.chance(0.1) else 95
    return b"X-R: " + bytes(32 + dice.upto(limit) for _ in range(dice.upto(30))).replace(b"\x7f", b"") + b"\r\n"


_KINDS: Final[tuple[Callable[[Dice], bytes], ...]] = (
    *(lambda dice: dice.one(_GOOD_LINES) + b"\r\n",) * 7,
    *(_named,) * 3,
    _random_value,
)


def header_lines(dice: Dice) -> bytes:
    """Up to four lines that are odd but end where they should."""
    lines = b"".join(dice.one(_KINDS)(dice) for _ in range(dice.upto(5)))
    return lines + _many(dice) if dice.chance(0.01) else lines


def bad_lines(dice: Dice) -> bytes:
    """One or two lines that are no header lines, or that contradict each other."""
    return b"".join(dice.one(_BAD_LINES) + b"\r\n" for _ in range(1 + dice.upto(2)))

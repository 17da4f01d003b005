"""Requests in curl's words."""

from pathlib import Path

import pytest

from gateway.cli.curl import CurlOptions, curl_request, joined, parse_curl
from gateway.errors import UsageError

OWN = [(b"User-Agent", b"curl/8.7.1"), (b"Accept", b"*/*")]
FORM = (b"Content-Type", b"application/x-www-form-urlencoded")


def lines(options: CurlOptions, method: str = "", url: str = "http://h/") -> list[tuple[bytes, bytes]]:
    """The header lines behind Host."""
    return list(curl_request(method, url, options, "http").headers)[1:]


@pytest.mark.parametrize(
    ("options", "method", "expected", "body"),
    [
        (CurlOptions(), "GET", OWN, b""),
        (CurlOptions(head=True), "HEAD", OWN, b""),
        (CurlOptions(data=("a=1", "b=2")), "POST", [*OWN, (b"Content-Length", b"7"), FORM], b"a=1&b=2"),
        (CurlOptions(data_raw=("@x",)), "POST", [*OWN, (b"Content-Length", b"2"), FORM], b"@x"),
        (
            CurlOptions(data_urlencode=("a=b c", "=d&e", "f g")),
            "POST",
            [*OWN, (b"Content-Length", b"16"), FORM],
            b"a=b+c&d%26e&f+g",
        ),
        (
            CurlOptions(json=('{"a":1}',)),
            "POST",
            [
                OWN[0],
                (b"Accept", b"application/json"),
                (b"Content-Length", b"7"),
                (b"Content-Type", b"application/json"),
            ],
            b'{"a":1}',
        ),
        (CurlOptions(header=("Accept:", "X-A: 1", "X-B;")), "GET", [OWN[0], (b"X-A", b"1"), (b"X-B", b"")], b""),
        (
            CurlOptions(data=("x",), header=("content-type: text/plain",)),
            "POST",
            [*OWN, (b"content-type", b"text/plain"), (b"Content-Length", b"1")],
            b"x",
        ),
        (
            CurlOptions(user="me:pw", cookie=("a=1", "b=2"), referer="/r", user_agent="t", compressed=True),
            "GET",
            [
                (b"Authorization", b"Basic bWU6cHc="),
                (b"User-Agent", b"t"),
                OWN[1],
                (b"Accept-Encoding", b"deflate, gzip, br, zstd"),
                (b"Referer", b"/r"),
                (b"Cookie", b"a=1; b=2"),
            ],
            b"",
        ),
    ],
)
def test_requests(options: CurlOptions, method: str, expected: list[tuple[bytes, bytes]], body: bytes) -> None:
    """Method, header lines in curl's order, and body."""
    request = curl_request("", "http://h/", options, "http")

    assert request.body == body
    assert request.method == method
    assert [line for line in lines(options) if line[0] != b"Content-Length"] == [
        line for line in expected if line[0] != b"Content-Length"
    ]
    assert dict(request.headers).get(b"Content-Length", b"0") == str(len(body)).encode()


def test_files(tmp_path: Path) -> None:
    """-d drops line ends, --data-binary keeps every byte, a form names the file and its type."""
    file = tmp_path / "pet.txt"
    file.write_bytes(b"Rex\r\n\0")

    assert curl_request("", "/", CurlOptions(data=(f"@{file}",)), "http").body == b"Rex"
    assert curl_request("", "/", CurlOptions(data_binary=(f"@{file}",)), "http").body == b"Rex\r\n\0"
    body = curl_request(
        "", "/", CurlOptions(form=("a=1", f"f=@{file}", f"g=@{file};type=x/y;filename=z", f"t=<{file}")), "http"
    ).body
    assert b'name="a"\r\n\r\n1\r\n' in body
    assert b'name="f"; filename="pet.txt"\r\nContent-Type: text/plain\r\n\r\nRex\r\n\0\r\n' in body
    assert b'name="g"; filename="z"\r\nContent-Type: x/y\r\n\r\n' in body
    assert b'name="t"\r\n\r\nRex' in body


def test_data_behind_the_question_mark() -> None:
    """-G makes a query of the data."""
    request = curl_request("", "/x?a=1", CurlOptions(data=("b=2",), get=True), "http")

    assert (request.method, request.raw_query, request.body) == ("GET", b"a=1&b=2", b"")


def test_a_host_of_ones_own() -> None:
    """-H Host: stands for curl's, and only once."""
    request = curl_request("", "http://h/", CurlOptions(header=("Host: other",)), "http")

    assert [line for line in request.headers if line[0].lower() == b"host"] == [(b"Host", b"other")]


@pytest.mark.parametrize(
    ("line", "method", "url", "options"),
    [
        ("curl http://h/", "", "http://h/", CurlOptions()),
        ("curl -sSL -XPUT --url h -H 'A: b' -o file", "PUT", "h", CurlOptions(header=("A: b",))),
        (
            "curl 'http://h/' \\\n  -H 'a: b' \\\n  --compressed",
            "",
            "http://h/",
            CurlOptions(header=("a: b",), compressed=True),
        ),
        ("/usr/bin/curl h -d a -d b -m 5", "", "h", CurlOptions(data=("a", "b"))),
    ],
)
def test_commands(line: str, method: str, url: str, options: CurlOptions) -> None:
    """What browsers copy is understood; what only concerns the answer is left out."""
    assert parse_curl(line) == (method, url, options)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("wget http://h", "beginning with curl"),
        ("curl", "expected one URL, got none"),
        ("curl a b", "expected one URL, got a b"),
        ("curl --ftp-pasv h", "No such option.*--ftp-pasv"),
        ("curl 'h", "single quotes"),
    ],
)
def test_commands_that_are_none(line: str, message: str) -> None:
    """The message names what is not understood."""
    with pytest.raises(UsageError, match=message):
        parse_curl(line)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (CurlOptions(data=("a",), form=("b=c",)), "-d and -F do not go together"),
        (CurlOptions(header=("broken",)), "write 'Name: value'"),
        (CurlOptions(form=("broken",)), "write NAME=TEXT"),
        (CurlOptions(data=("@/no/such/file",)), "it cannot be read"),
    ],
)
def test_options_that_cannot_be_sent(options: CurlOptions, message: str) -> None:
    """What contradicts itself is refused."""
    with pytest.raises(UsageError, match=message):
        curl_request("", "/", options, "http")


def test_flags_beside_a_command() -> None:
    """Flags add to the command's and win over it."""
    both = joined(CurlOptions(header=("a: 1",), user="x"), CurlOptions(header=("b: 2",), user="y", get=True))

    assert both == CurlOptions(header=("a: 1", "b: 2"), user="y", get=True)

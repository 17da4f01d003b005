"""Requests in curl's words: the same flags, the same bytes.

Facts, from curl's manual page and curl 8: data flags make a POST with ``application/x-www-form-urlencoded`` and are
joined with ``&``; ``@file`` reads a file, without its line ends for ``-d``; ``-F`` makes ``multipart/form-data``;
``-H 'Name:'`` takes a header away and ``-H 'Name;'`` sends it empty; the request has Host, Authorization, User-Agent,
Accept, the other headers, Content-Length and Content-Type in this order.
"""

import base64
import mimetypes
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus

import click

from gateway.errors import UsageError
from gateway.translation.messages import Request
from gateway.translation.sample import SAMPLE_CLIENT, pairs_of, sample_request, split_url

_AGENT: Final = "curl/8.7.1"
_BOUNDARY: Final = "------------------------d74496d66958873e"
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class CurlOptions:
    """What curl's flags say; the names are those of its long options."""

    header: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    data_raw: tuple[str, ...] = ()
    data_binary: tuple[str, ...] = ()
    data_urlencode: tuple[str, ...] = ()
    json: tuple[str, ...] = ()
    form: tuple[str, ...] = ()
    cookie: tuple[str, ...] = ()
    user_agent: str | None = None
    referer: str | None = None
    user: str | None = None
    get: bool = False
    head: bool = False
    compressed: bool = False


def _texts(*flags: str, metavar: str, text: str) -> Callable[[Any], Any]:
    return click.option(*flags, multiple=True, metavar=metavar, help=text)


REQUEST_OPTIONS: Final = (
    _texts("-H", "--header", metavar="LINE", text="A header, 'Name: value'; repeatable."),
    _texts("-d", "--data", "--data-ascii", metavar="TEXT|@FILE", text="A form's body; repeated ones are joined by &."),
    _texts("--data-raw", metavar="TEXT", text="The same, and @ means itself."),
    _texts("--data-binary", metavar="TEXT|@FILE", text="The same, and a file stays byte by byte."),
    _texts("--data-urlencode", metavar="NAME=TEXT", text="The same, encoded."),
    _texts("--json", metavar="TEXT|@FILE", text="A JSON body."),
    _texts("-F", "--form", metavar="NAME=TEXT|@FILE", text="A field of multipart/form-data; repeatable."),
    _texts("-b", "--cookie", metavar="NAME=VALUE", text="Cookies; repeatable."),
    click.option("-A", "--user-agent", metavar="TEXT", help=f"The user agent.  [default: {_AGENT}]"),
    click.option("-e", "--referer", metavar="URL", help="The Referer header."),
    click.option("-u", "--user", metavar="USER:PASSWORD", help="Basic authentication."),
    click.option("-G", "--get", is_flag=True, help="Put the data behind the URL's question mark."),
    click.option("-I", "--head", is_flag=True, help="Ask with HEAD."),
    click.option("--compressed", is_flag=True, help="Ask for compressed answers."),
)
"""The flags of curl that say what is sent, as click options."""

_FLAGS_WITHOUT_EFFECT: Final = (
    "-s/--silent -S/--show-error -i/--include -k/--insecure -L/--location -v/--verbose -f/--fail -N/--no-buffer "
    "-g/--globoff -#/--progress-bar --http1.1 --http2 --fail-with-body --location-trusted --no-keepalive"
)
_OPTIONS_WITHOUT_EFFECT: Final = "-o/--output -m/--max-time --connect-timeout --retry -w/--write-out -x/--proxy"


def with_request_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `REQUEST_OPTIONS` to a command."""
    for option in reversed(REQUEST_OPTIONS):
        function = option(function)
    return function


def _curl_command() -> click.Command:
    @click.command("curl")
    @click.argument("urls", nargs=-1)
    @click.option("-X", "--request", "method")
    @click.option("--url", "url")
    @with_request_options
    def curl(**_: Any) -> None:  # noqa: ANN401 - only its parser is used
        """Parse curl's command line."""

    for flags in _FLAGS_WITHOUT_EFFECT.split():
        curl.params.append(click.Option([*flags.split("/"), "a_flag"], is_flag=True, expose_value=False))
    for flags in _OPTIONS_WITHOUT_EFFECT.split():
        curl.params.append(click.Option([*flags.split("/"), "an_option"], expose_value=False))
    return curl


def parse_curl(line: str) -> tuple[str, str, CurlOptions]:
    """Method ("" when curl chooses), URL and options of a command such as browsers copy.

    Raises:
        UsageError: This is no curl command for one URL, or it has a flag that is not known here.
    """
    try:
        # Behind a backslash a pasted command goes on
        words = shlex.split(line.replace("\\\n", " "))
    except ValueError as error:
        raise UsageError(f"--curl: {error}; put the whole command in single quotes") from error
    if not words or Path(words[0]).stem != "curl":
        raise UsageError("--curl: give the whole command, beginning with curl")
    try:
        context = _curl_command().make_context("curl", words[1:])
    except click.UsageError as error:
        raise UsageError(f"--curl: {error.format_message()} Leave it out, or write the request with flags") from error
    given = dict(context.params)
    urls = [*given.pop("urls"), *filter(None, [given.pop("url")])]
    method = given.pop("method") or ""
    if len(urls) != 1:
        raise UsageError(f"--curl: expected one URL, got {' '.join(urls) or 'none'}")
    return method, urls[0], CurlOptions(**given)


def curl_request(method: str, url: str, options: CurlOptions, scheme: str) -> Request:
    """The request that curl would send.

    Args:
        method: "" for curl's choice: POST with data, HEAD with ``-I``, else GET.
        url: A URL, or a path.
        options: The flags.
        scheme: Of a URL without one.

    Raises:
        UsageError: Flags contradict each other, a file cannot be read, or this is no URL.
    """
    body, content_type = _body(options)
    sends = bool(content_type)
    if options.get and sends:
        # A question mark may be there already
        scheme, host, port, target = split_url(url, scheme)
        glue = "&" if "?" in target else "?"
        url = f"{scheme}://{host}:{port}{target}{glue}{body.decode()}"
        body, content_type, sends = b"", "", False
    method = method or ("HEAD" if options.head else "POST" if sends else "GET")
    request = sample_request(method, url, (), body, SAMPLE_CLIENT, scheme)
    host = request.headers[0][1].decode()
    lines = _own_lines(options, host)
    if sends:
        lines += [("Content-Length", str(len(body))), ("Content-Type", content_type)]
    return sample_request(method, url, _overridden(lines, options.header), body, SAMPLE_CLIENT, scheme)


def _own_lines(options: CurlOptions, host: str) -> list[tuple[str, str]]:
    lines = [("Host", host)]
    if options.user:
        lines.append(("Authorization", f"Basic {base64.b64encode(options.user.encode()).decode()}"))
    lines += [("User-Agent", options.user_agent or _AGENT), ("Accept", "application/json" if options.json else "*/*")]
    if options.compressed:
        lines.append(("Accept-Encoding", "deflate, gzip, br, zstd"))
    if options.referer:
        lines.append(("Referer", options.referer))
    if options.cookie:
        lines.append(("Cookie", "; ".join(options.cookie)))
    return lines


def _overridden(lines: list[tuple[str, str]], given: tuple[str, ...]) -> list[tuple[str, str]]:
    """Own lines of curl with those of ``-H`` in their places, and the others before Content-Length."""
    own, others = [], []
    replaced = set()
    for line in given:
        name, colon, value = line.partition(":")
        if not colon and line.endswith(";"):
            name, value = line[:-1], ""
        elif not colon:
            raise UsageError(f"-H {line!r}: write 'Name: value', or 'Name:' to take a header away")
        elif not value.strip():
            replaced.add(name.strip().lower())
            continue
        replaced.add(name.strip().lower())
        others.append((name.strip(), value.strip()))
    for name, value in lines:
        if name.lower() not in replaced or name == "Content-Length":
            own.append((name, value))
    head = [line for line in own if not line[0].startswith("Content-")]
    hosts = [line for line in others if line[0].lower() == "host"]
    rest = [line for line in others if line[0].lower() != "host"]
    return pairs_of([*hosts, *head, *rest, *(line for line in own if line[0].startswith("Content-"))])


def _body(options: CurlOptions) -> tuple[bytes, str]:
    """The body and its type, "" for no body at all."""
    data = [
        *(_content(text, "-d", stripped=True) for text in options.data),
        *(text.encode() for text in options.data_raw),
        *(_content(text, "--data-binary") for text in options.data_binary),
        *(_urlencoded(text) for text in options.data_urlencode),
    ]
    kinds = [kind for kind, given in (("-d", data), ("--json", options.json), ("-F", options.form)) if given]
    if len(kinds) > 1:
        raise UsageError(f"{' and '.join(kinds)} do not go together: a request has one body")
    if options.json:
        return b"".join(_content(text, "--json") for text in options.json), "application/json"
    if options.form:
        return _multipart(options.form), f"multipart/form-data; boundary={_BOUNDARY}"
    return b"&".join(data), _FORM if data else ""


def _content(text: str, flag: str, *, stripped: bool = False) -> bytes:
    if not text.startswith("@"):
        return text.encode()
    raw = _read(text[1:], flag)
    return raw.translate(None, b"\r\n\0") if stripped else raw


def _read(name: str, flag: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"{flag} @{name}: it cannot be read ({error.strerror}); see that the file is there") from error


def _urlencoded(text: str) -> bytes:
    name, equals, value = text.partition("=")
    if equals:
        return (f"{name}=" if name else "").encode() + quote_plus(value).encode()
    name, at, file = text.partition("@")
    if at:
        return (f"{name}=" if name else "").encode() + quote_plus(_read(file, "--data-urlencode")).encode()
    return quote_plus(text).encode()


def _multipart(fields: tuple[str, ...]) -> bytes:
    parts = []
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals:
            raise UsageError(f"-F {field!r}: write NAME=TEXT or NAME=@FILE")
        value, *extras = value.split(";") if value.startswith(("@", "<")) else [value]
        options = dict(extra.strip().partition("=")[::2] for extra in extras)
        head = f'Content-Disposition: form-data; name="{name}"'
        content = value.encode()
        if value.startswith("@"):
            file = value[1:]
            head += f'; filename="{options.get("filename") or Path(file).name}"'
            kind = options.get("type") or mimetypes.guess_type(file)[0] or "application/octet-stream"
            head += f"\r\nContent-Type: {kind}"
            content = _read(file, "-F")
        elif value.startswith("<"):
            content = _read(value[1:], "-F")
        parts.append(f"--{_BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + b"\r\n")
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


def joined(first: CurlOptions, second: CurlOptions) -> CurlOptions:
    """Two sets of flags as one: lists are joined, single values of the second win."""
    changes: dict[str, Any] = {}
    for name in CurlOptions.__slots__:
        one, other = getattr(first, name), getattr(second, name)
        changes[name] = one + other if isinstance(one, tuple) else other or one
    return replace(first, **changes)

"""The golden requests in further ways get the answers that `gateway serve` gives, but for what one table names."""

import difflib
from pathlib import Path

import pytest

from gateway.testing.call import Handler
from tests.data.golden import app
from tests.golden.entries import read_entries
from tests.golden.not_carried import NOT_ASKED, TABLE
from tests.golden.one_request import comparable, one_request
from tests.golden.ways import Found, Unanswerable, asked, by_asgi, by_client, by_handler, by_replay, by_server

ENTRIES = read_entries()
HANDLER: Handler = app.handler
WAYS = ("server", "handler", "asgi", "replay", "client")

pytestmark = pytest.mark.timeout(60)


def _hold(way: str, found: list[Found], least: int) -> None:
    """Everything found is golden but for the rows of the table, all of which are needed; so many were asked."""
    rows = [row for row in TABLE if way in row.ways and row.name != NOT_ASKED]
    wrong = []
    for row in rows:
        equal = [it.entry.name for it in found if row.matches(it.entry) and it.golden == it.found]
        if equal or not any(row.matches(it.entry) for it in found):
            wrong.append(f"{row} is not needed: {', '.join(equal) or 'it matches nothing'}")
    for it in found:
        if it.golden != it.found and not any(row.matches(it.entry) for row in rows):
            lines = it.golden.splitlines(), it.found.splitlines()
            diff = difflib.unified_diff(*lines, "golden", way, lineterm="", n=2)
            wrong.append("\n".join([f"{it.entry.listener}: {it.entry.name}", *diff]))
    if wrong:
        pytest.fail("\n\n".join(wrong), pytrace=False)
    assert len(found) >= least


def test_server() -> None:
    """A test's server of the file gives the same bytes."""
    _hold("server", by_server(asked("server", ENTRIES)), 340)


def test_handler() -> None:
    """A test's server of a handler gives the same bytes, with the flavours of the file's listeners."""
    _hold("handler", by_handler(asked("handler", ENTRIES)), 270)


def test_client() -> None:
    """A client in the test's process gives the same status, header lines and body."""
    _hold("client", by_client(asked("client", ENTRIES), _survived), 230)


def _survived(event: dict[str, object], context: object) -> object:
    """Answer as the golden handler, but for what this process would not survive."""
    path = str(event.get("rawPath") or event.get("path"))
    if path.endswith(("/exit", "/timeout")):
        raise Unanswerable
    return HANDLER(event, context)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Found], Path]:
    """What the ASGI applications answered, and the folder with the recordings of it."""
    folder = tmp_path_factory.mktemp("recordings")
    return by_asgi(asked("asgi", ENTRIES), folder), folder


def test_asgi(recorded: tuple[list[Found], Path]) -> None:
    """The listeners as ASGI applications give the same status, header lines and body."""
    _hold("asgi", recorded[0], 290)


def test_replay(recorded: tuple[list[Found], Path]) -> None:
    """Recordings of the golden exchanges, sent again without a function, give what was recorded."""
    _hold("replay", by_replay(asked("asgi", ENTRIES), recorded[1]), 210)


def test_rows() -> None:
    """Each row names ways that there are, and a listener that has entries."""
    for row in TABLE:
        assert set(row.ways) <= set(WAYS), row
        assert any(row.listener == entry.listener for entry in ENTRIES) or row.name != NOT_ASKED, row


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n", True),
        ("POST /a HTTP/1.1\\r\\nHost: h\\r\\nContent-Length: 2\\r\\n\\r\\nhi", True),
        ("POST /a HTTP/1.1\\r\\nHost: h\\r\\nContent-Length: 2\\r\\n\\r\\nh", False),
        ("GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\nGET", False),
        ("GET /a HTTP/1.1\\r\\n\\r\\n", False),
        ("CONNECT h:1 HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n", False),
    ],
)
def test_one_request(text: str, taken: bool) -> None:
    """Only bytes that are one whole request can be asked without a connection."""
    assert (one_request(text) is not None) == taken


@pytest.mark.parametrize(
    ("answer", "compared"),
    [
        (b"HTTP/1.1 200 OK\r\nX-A: B\r\n\r\nhi", "200\\r\\n\nx-a: B\\r\\n\n\\r\\n\nhi"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", "204\\r\\n\n\\r\\n"),
        (
            b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n",
            "200\\r\\n\n\\r\\n\nhi!",
        ),
        (b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", "200\\r\\n\n\\r\\n\nhi<broken>"),
        (b"bare", "bare"),
    ],
)
def test_comparable(answer: bytes, compared: str) -> None:
    """Neither the case of names nor the framing of a body counts, nor what came before; that a body broke off does."""
    assert comparable(answer) == compared

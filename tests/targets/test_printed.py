"""What a thread prints, told apart from what others print."""

import contextlib
import io
import sys
import threading
from collections.abc import Iterator

import pytest

from gateway.invocation import Report
from gateway.targets.printed import Printed


@contextlib.contextmanager
def printed_to(report: Report) -> Iterator[Printed]:
    """Keep what this thread prints."""
    with contextlib.closing(Printed(report)) as printed:
        yield printed


def text_of(report: Report) -> str:
    """The log as text."""
    return b"".join(report.log).decode()


def test_everything_is_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    """Both streams arrive where they went before, and in the report in the order of writing."""
    report = Report()
    with printed_to(report):
        print("to stdout", 1)
        print("to stderr", file=sys.stderr)
        sys.stdout.writelines(["ü", "\n"])
    print("after")

    out, err = capsys.readouterr()
    assert out == "to stdout 1\nü\nafter\n"
    assert err == "to stderr\n"
    assert text_of(report) == "to stdout 1\nto stderr\nü\n"


def test_what_cannot_be_encoded() -> None:
    """It is kept with an escape, and never breaks the handler."""
    report = Report()
    with contextlib.redirect_stdout(io.StringIO()), printed_to(report):
        print("\udcff")

    assert text_of(report) == "\\udcff\n"


def test_threads_at_once() -> None:
    """Each report has what its own thread printed; a thread without one has none."""
    reports = Report(), Report()
    together = threading.Barrier(3)

    def work(name: str, report: Report) -> None:
        with printed_to(report):
            for number in range(3):
                together.wait(10)
                print(name, number)

    threads = [threading.Thread(target=work, args=(name, one)) for name, one in zip("ab", reports, strict=True)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        together.wait(10)
        print("nobody's")
    for thread in threads:
        thread.join()

    assert [text_of(report) for report in reports] == ["a 0\na 1\na 2\n", "b 0\nb 1\nb 2\n"]


def test_streams_are_given_back() -> None:
    """After the last one that wants them; also when the handler has put its own in their place for a while."""
    out, err = sys.stdout, sys.stderr
    first, second = Report(), Report()
    with printed_to(first):
        layer = sys.stdout
        with contextlib.redirect_stdout(io.StringIO()), printed_to(second):
            print("elsewhere")
        assert sys.stdout is layer
        assert sys.stdout is not out

    assert (sys.stdout, sys.stderr) == (out, err)


def test_closed_by_another_thread() -> None:
    """What the handler still prints goes where it always goes, and is not kept."""
    out = sys.stdout
    report, other = Report(), Report()
    held: list[Printed] = []

    def close(printed: Printed) -> None:
        held.append(Printed(other))
        printed.close()

    with printed_to(report) as printed:
        print("kept")
        elsewhere = threading.Thread(target=close, args=[printed])
        elsewhere.start()
        elsewhere.join()
        assert sys.stdout is not out
        print("late")
    held[0].close()

    assert (text_of(report), text_of(other)) == ("kept\n", "")
    assert sys.stdout is out


def test_what_else_a_stream_has() -> None:
    """Is that of the stream below."""
    below = sys.stdout
    with printed_to(Report()):
        assert sys.stdout.encoding == below.encoding
        assert sys.stdout.writable()


def test_process_without_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to keep then, and nothing breaks."""
    monkeypatch.setattr(sys, "stdout", None)
    report = Report()
    with printed_to(report):
        print("nowhere")

    assert report.log == []
    assert sys.stdout is None

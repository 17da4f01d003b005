"""What a handler writes."""

import logging
import sys
import threading

import pytest

from gateway.testing.output import captured_output


def test_everything_is_kept_and_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    """Printed text and log records are in the log; pytest still sees what was printed."""
    with captured_output() as log:
        print("out")
        print("err", file=sys.stderr)
        logging.getLogger("shop").warning("%d pets", 7)
        sys.stdout.writelines(["two\n", "lines\n"])
        sys.stdout.flush()

    assert log.getvalue().startswith("out\nerr\n[WARNING]\t")
    assert log.getvalue().endswith("\t7 pets\ntwo\nlines\n")
    assert capsys.readouterr() == ("out\ntwo\nlines\n", "err\n")


def test_the_streams_are_put_back() -> None:
    """Also after calls inside calls; a stream that somebody else has set stays."""
    before = sys.stdout, sys.stderr

    with captured_output() as outer:
        with captured_output() as inner:
            print("inner")
        print("outer")

    assert (outer.getvalue(), inner.getvalue()) == ("outer\n", "inner\n")
    assert (sys.stdout, sys.stderr) == before


def test_a_stream_stands_for_the_one_it_replaces() -> None:
    """What a program asks of standard output is answered as before."""
    before = sys.stdout
    with captured_output():
        assert sys.stdout.encoding == before.encoding
        assert sys.stdout.isatty() == before.isatty()
        assert sys.stdout.writable()


def test_threads_do_not_mix(capsys: pytest.CaptureFixture[str]) -> None:
    """Two calls at once have a log each."""
    logs = {}
    both = threading.Barrier(2, timeout=10)

    def call(name: str) -> None:
        with captured_output() as log:
            both.wait()
            print(name)
            both.wait()
        logs[name] = log.getvalue()

    threads = [threading.Thread(target=call, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert logs == {"a": "a\n", "b": "b\n"}
    assert sorted(capsys.readouterr().out.split()) == ["a", "b"]

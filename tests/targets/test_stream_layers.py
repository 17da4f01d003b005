"""Layers over the standard streams, while others print."""

import io
import subprocess
import sys

import pytest

from gateway.targets.stream_layers import StreamLayers

PRINTS = """
import sys, threading
{given}

sys.setswitchinterval(1e-6)
over = threading.Event()

def prints():
    while not over.is_set():
        print("nobody's")

threads = [threading.Thread(target=prints) for _ in range(3)]
for thread in threads:
    thread.start()
for _ in range(5000):
    {once}
over.set()
for thread in threads:
    thread.join()
"""


@pytest.mark.parametrize(
    ("given", "once"),
    [
        (
            "from gateway.invocation import Report; from gateway.targets.printed import Printed",
            "Printed(Report()).close()",
        ),
        ("from gateway.testing.output import captured_output", "with captured_output(): pass"),
    ],
    ids=["reports", "tests"],
)
def test_threads_that_print_while_layers_come_and_go(given: str, once: str) -> None:
    """The process lives on: what ``print`` writes to is not freed under it."""
    script = PRINTS.format(given=given, once=once)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_stream_has_one_layer() -> None:
    """It is made once, and comes again; other streams have others, equal or not."""
    layers = StreamLayers(lambda stream: [stream])
    one, other = io.StringIO(), io.StringIO()

    assert layers.over(one) is layers.over(one)
    assert layers.over(other) is not layers.over(one)


def test_few_are_kept() -> None:
    """A handler that redirects its output each time leaves nothing behind for good."""
    layers = StreamLayers(lambda stream: [stream])
    first = io.StringIO()
    before = layers.over(first)
    for _ in range(32):
        layers.over(io.StringIO())

    assert layers.over(first) is not before

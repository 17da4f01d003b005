"""Who is at the other end of a connection, asked of the system with real processes."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.targets.runtime_api.peers import Owner, Peers, can_tell, find_row, owner_in_tables, owner_of
from gateway.types import Address

pytestmark = pytest.mark.skipif(not can_tell(), reason="this system does not say who is at the other end")

CONNECT = "import socket, sys; held = socket.create_connection(('127.0.0.1', int(sys.argv[1])))"
WAIT = "; print(flush=True); sys.stdin.read()"
LEAVE = "import os; os.setsid(); os.fork() and os._exit(0)\n"
TABLE = (
    b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    b"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0\n"
    b"   1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 22 1 0 20 4\n"
    b"   2: 0100007F:D431 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 33 1 0 20 4\n"
)


@contextmanager
def connected(argv: list[str]) -> Iterator[tuple[int, Owner]]:
    """A process that holds, or has started what holds, a connection; gives its id and who has its end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        with subprocess.Popen([*argv, port], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            accepted, client = server.accept()
            with accepted:
                owner = owner_of(client, accepted.getsockname())
                assert owner is not None
                yield process.pid, owner


def test_a_process_holds_its_socket() -> None:
    """The process that was started is told from the one that runs this test, and from none."""
    with connected([sys.executable, "-c", CONNECT + WAIT]) as (process, owner):
        assert owner.user == os.getuid()
        assert Peers(lambda: [process]).include(owner)
        assert not Peers(list).include(owner)
        own = Peers(lambda: [os.getpid()])
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
            mine = owner_of(client.getsockname(), client.getpeername())
            assert mine is not None
            assert mine == owner_in_tables(client.getsockname(), client.getpeername())
            assert own.include(mine)
            assert not Peers(lambda: [process]).include(mine)


def test_what_a_process_has_started_belongs_to_it() -> None:
    """Also two generations below, and when a thread other than the first has started it."""
    below = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CONNECT + WAIT!r}, sys.argv[1]])"
    thread = f"import threading, sys\nthread = threading.Thread(target=lambda: exec({below!r})); thread.start()"

    with connected(["/bin/sh", "-c", '"$0" -c "$1" "$2"; :', sys.executable, thread]) as (process, owner):
        assert Peers(lambda: [process]).include(owner)


def test_a_process_that_has_left_is_found_in_its_group() -> None:
    """Nobody's child any more, it is a stranger where no control group knows it."""
    with connected([sys.executable, "-c", LEAVE + CONNECT + WAIT]) as (process, owner):
        left = [int(it.name) for it in Path("/proc").glob("[0-9]*") if _session(int(it.name)) == process]
        assert not Peers(lambda: [process]).include(owner)
        assert Peers(lambda: [process], lambda: left).include(owner)


def test_a_process_that_has_ended() -> None:
    """It holds nothing, though only root may see that, until its parent has asked for its exit code."""
    with connected([sys.executable, "-c", CONNECT + WAIT]) as (_, owner), subprocess.Popen(["true"]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert not Peers(lambda: [ended.pid]).include(owner)


def test_the_look_is_bounded() -> None:
    """A process with descriptors without end does not hold up the gateway."""
    with connected([sys.executable, "-c", CONNECT + WAIT]) as (process, owner):
        assert not Peers(lambda: [process], most_descriptors=2).include(owner)


@pytest.mark.skipif(os.getuid() == 0, reason="root may look at every process")
def test_a_process_that_hides_its_descriptors() -> None:
    """It may be the one: nothing speaks against it."""
    with connected([sys.executable, "-c", CONNECT + WAIT]) as (_, owner):
        assert Peers(list, lambda: [1]).include(owner)


def test_a_socket_for_ipv6() -> None:
    """As those of Java, connected to an address of IPv4."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_INET6) as client:
        client.connect(("::ffff:127.0.0.1", server.getsockname()[1]))
        accepted, address = server.accept()
        with accepted:
            owner = Owner(os.fstat(client.fileno()).st_ino, os.getuid())
            assert owner_of(address, accepted.getsockname()) == owner
            assert owner_in_tables(address, accepted.getsockname()) == owner


def test_a_connection_that_is_gone() -> None:
    """Nobody has it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        here: Address = server.getsockname()
        assert owner_of(("127.0.0.1", 1), here) is None


@pytest.mark.skipif(sys.byteorder != "little", reason="the table is one of such a machine")
def test_rows_of_the_table() -> None:
    """The client's row has its own end first."""
    client, server = b"0100007F:D431", b"0100007F:1F90"

    assert find_row(TABLE, client, server) == Owner(33, 1000)
    assert find_row(TABLE, server, client) == Owner(22, 0)
    assert find_row(TABLE, client, client) is None


def _session(process: int) -> int:
    try:
        return os.getsid(process)
    except ProcessLookupError:
        return 0

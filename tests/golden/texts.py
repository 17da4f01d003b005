r"""Bytes as text that a reviewer can read, and back.

CR, LF, tab, backslash and every byte that is no printable ASCII are escaped as in Python; ``\{text*70000}`` is the text
so many times, and ``\p`` stands between what a client sends and what it sends after it has heard the server.  The ends
of the text's own lines mean nothing: a line ends where its LF is written.
"""

import re
from typing import Final

PAUSE: Final = "\\p"
_WIDTH: Final = 150
_ESCAPE: Final = re.compile(rb"\\(?:x([0-9a-f]{2})|([rnt\\'])|\{([^*}]*)\*(\d+)\})")
_NAMED: Final = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\", b"'": b"'"}
_SHOWN: Final = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x5C: "\\\\"}


def to_bytes(text: str) -> bytes:
    """The bytes that a text stands for; raises ValueError for an escape that is none."""
    joined = text.replace("\n", "").encode("ascii")
    if b"\\" in _ESCAPE.sub(b"", joined):
        raise ValueError(f"no such escape in {text!r}")
    return _ESCAPE.sub(_unescaped, joined)


def _unescaped(found: "re.Match[bytes]") -> bytes:
    if found[1]:
        return bytes.fromhex(found[1].decode())
    if found[2]:
        return _NAMED[found[2]]
    return found[3] * int(found[4])


def to_text(data: bytes) -> str:
    """The text for some bytes, in lines."""
    shown = "".join(_SHOWN.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}") for byte in data)
    shown = re.sub(r"(.)\1{199,}", lambda found: f"\\{{{found[1]}*{len(found[0])}}}", shown)
    return "\n".join(piece for line in shown.replace("\\n", "\\n\n").splitlines() for piece in _pieces(line))


def _pieces(line: str) -> list[str]:
    """A long line in pieces, cut behind commas; a blank never ends one."""
    pieces, rest = [], line
    while len(rest) > _WIDTH:
        cut = rest.rfind(",", 40, _WIDTH) + 1
        if not cut:
            break
        pieces.append(rest[:cut])
        rest = rest[cut:]
    pieces.append(rest)
    return [re.sub(r" $", r"\\x20", piece) for piece in pieces]

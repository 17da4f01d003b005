"""The table of front doors."""

from pathlib import Path

import pytest

from gateway.translation import flavours
from gateway.translation.flavours.table import FLAVOURS


def test_every_flavour_has_a_name() -> None:
    """A front door whose file nobody enters into the table cannot be chosen: it is found here."""
    (folder,) = flavours.__path__
    files = {path.stem for path in Path(folder).glob("*.py")} - {"__init__", "table"}

    assert {type(make()).__module__.rpartition(".")[2] for make in FLAVOURS.values()} == files


@pytest.mark.parametrize(("plain", "variant"), [("alb", "alb-multi"), ("url", "url-stream")])
def test_variants(plain: str, variant: str) -> None:
    """A name that stands for an option makes the same front door with that option, and takes all the others."""
    made = FLAVOURS[variant]()

    assert type(made) is type(FLAVOURS[plain]())
    assert made != FLAVOURS[plain]()

"""The table of listener types."""

import dataclasses
from inspect import isclass

import pytest

from gateway.config.listener import ListenerKeys
from gateway.errors import UsageError
from gateway.listener_types import (
    FLAVOURS,
    LISTENER_TYPES,
    ListenerType,
    NamedFlavour,
    listener_type,
    listener_type_of,
    named_flavour,
)
from gateway.loading import load


@pytest.mark.parametrize("row", LISTENER_TYPES, ids=lambda row: row.type)
def test_what_a_row_names_is_there(row: ListenerType) -> None:
    """A place that was renamed is found here, and settings say of which type they are."""
    settings = load(row.settings)

    assert load(row.cases)
    assert issubclass(settings, ListenerKeys)
    assert settings.type == row.type
    assert row.target_groups or "function" in {field.name for field in dataclasses.fields(settings)}


@pytest.mark.parametrize("named", FLAVOURS.values(), ids=lambda named: named.name)
def test_what_a_name_stands_for_is_there(named: NamedFlavour) -> None:
    """Its options are the flavour's, its settings the listener's."""
    row = listener_type_of(named.name)

    assert isclass(load(named.flavour))
    assert load(named.contract).source
    assert named.options.keys() <= {field.name for field in dataclasses.fields(load(named.flavour))}
    assert named.settings.keys() <= {field.name for field in dataclasses.fields(load(row.settings))}
    assert row.target_groups or not named.target_group


def test_every_row_is_found_by_its_type_and_by_its_names() -> None:
    """No type and no name stands twice."""
    assert [listener_type(row.type) for row in LISTENER_TYPES] == list(LISTENER_TYPES)
    assert sum(len(row.flavours) for row in LISTENER_TYPES) == len(FLAVOURS)
    assert all(named_flavour(name) in listener_type_of(name).flavours for name in FLAVOURS)


def test_a_row_of_another_package_is_found_by_its_place() -> None:
    """Any place will do, one of ours as well."""
    assert listener_type("tests.test_listener_types:ELSEWHERE") is ELSEWHERE


ELSEWHERE = LISTENER_TYPES[0]._replace(type="elsewhere")


@pytest.mark.parametrize(
    ("type_", "message"),
    [
        ("albx", "no listener type 'albx'; there are alb, rest_api, .*, and package.module:Name"),
        ("tests.no_such_module:ROW", "install its package"),
        ("tests.test_listener_types:NOTHING", "has no 'NOTHING'"),
        ("tests.test_listener_types:pytest", "is no gateway.listener_types.ListenerType"),
    ],
)
def test_what_is_no_row_is_refused(type_: str, message: str) -> None:
    """The message says what there is, or what to look at."""
    with pytest.raises(UsageError, match=message):
        listener_type(type_)


@pytest.mark.parametrize("find", [named_flavour, listener_type_of])
def test_a_name_that_does_not_exist(find: object) -> None:
    """The message says what there is."""
    with pytest.raises(UsageError, match="no front door 'lb'; there are alb, alb-multi"):
        find("lb")  # type: ignore[operator]  # both are functions

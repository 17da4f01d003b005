"""Recordings as cases of this suite."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.observe.cases import event_case, response_case
from gateway.translation.default_names import DEFAULT_TARGET_GROUP_ARN
from gateway.translation.messages import Response, Tls
from tests.observe.exchanges import HTTP_FLAVOURS, REQUEST, recorded
from tests.translation.flavours import apigw_case, test_alb


@pytest.mark.parametrize("name", HTTP_FLAVOURS)
@pytest.mark.parametrize("make", [event_case, response_case], ids=["event", "response"])
def test_a_case_of_a_recording_holds(name: str, make: object, tmp_path: Path) -> None:
    """The suite's own checks read it and find it true."""
    request = REQUEST._replace(tls=Tls("TLSv1.3", "TLS_AES_128_GCM_SHA256"), server=("192.0.2.2", 443))
    recording = replace(recorded(name, request), source="recorded here")
    case = (event_case if make is event_case else response_case)(recording, "it is so", "unknown")
    folder = "alb" if name.startswith("alb") else name
    path = tmp_path / folder / "case.json"
    path.parent.mkdir()
    path.write_text(json.dumps(case))

    if folder == "alb":
        test_alb.test_every_case_says_why_and_from_where(path)
        if make is event_case:
            test_alb.test_the_event_is_the_known_one_byte_for_byte(path)
        else:
            test_alb.test_the_response_is_the_known_one(path)
    else:
        apigw_case.check(apigw_case.load_case(path))


def test_there_is_no_case_without_an_event_or_a_result() -> None:
    """A refused request has neither, a stream has no result."""
    recording = replace(recorded(), event=None, payload=None)

    assert event_case(recording, "x", "unknown") is None
    assert response_case(recording, "x", "unknown") is None


def test_a_load_balancers_case_says_its_mode() -> None:
    """One folder holds both, and what was read from an event leaves the mode to the flavour's name."""
    for name, multi in (("alb", False), ("alb-multi", True)):
        case = event_case(replace(recorded(name), options={}), "x", "unknown")

        assert case is not None
        assert case["options"] == {"target_group_arn": DEFAULT_TARGET_GROUP_ARN, "multi_value_headers": multi}


def test_odd_requests_and_binary_bodies_can_be_cases() -> None:
    """What a file leaves out by default is written when it differs."""
    request = REQUEST._replace(authority=b"a.example", keep_alive=False)
    alb = event_case(recorded("alb", request), "x", "unknown")
    url = response_case(replace(recorded("url"), response=Response(200, [], b"\xff")), "x", "unknown")

    assert alb is not None
    assert isinstance(alb["request"], dict)
    assert (alb["request"]["authority"], alb["request"]["keep_alive"]) == ("a.example", False)
    assert url is not None
    assert url["response"] == {"status": 200, "all_lines": []}

"""The request behind an event of a function URL."""

import json

from gateway.observe.flavour_options import make_flavour
from gateway.translation.rebuild import rebuild
from gateway.types import Json
from tests.observe.exchanges import ARRIVAL, REQUEST
from tests.translation.contracts.events import again


def test_the_tls_session_of_a_function_url_is_an_option() -> None:
    """The connection between client and URL is not ours."""
    options: dict[str, Json] = {"tls_version": "TLSv1.2", "domain_name": "abc.lambda-url.eu-west-1.on.aws"}
    event = json.loads(make_flavour("url", options).encode(REQUEST, ARRIVAL))

    assert again(event) == []
    assert rebuild(event).options["tls_version"] == "TLSv1.2"
    assert rebuild(event).options["domain_name"] == "abc.lambda-url.eu-west-1.on.aws"

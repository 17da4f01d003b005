"""The attributes' defaults."""

from gateway.translation.alb_attributes import AlbAttributes


def test_the_defaults_are_those_of_a_new_load_balancer() -> None:
    """As the ELB API documents them."""
    attributes = AlbAttributes()

    assert attributes == AlbAttributes(
        xff_mode="append",
        xff_client_port=False,
        preserve_host=False,
        drop_invalid_header_fields=False,
        tls_headers=False,
        tls_key_exchange=False,
        mtls_passthrough=False,
        request_header_names={},
        server_header=True,
        response_headers=(),
    )

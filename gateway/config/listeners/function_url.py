"""``type = "function_url"``: a Lambda function URL, as the file writes it."""

from typing import Annotated, Literal

from pydantic import Field

from gateway.config.listeners.listener import ListenerKeys
from gateway.config.strict import Strict


class CorsModel(Strict):
    """CORS of a function URL."""

    allow_credentials: bool = False
    """Whether browsers may send cookies."""
    allow_headers: tuple[str, ...] = ()
    """Request headers that browsers may send."""
    allow_methods: tuple[str, ...] = ()
    """Methods that browsers may use."""
    allow_origins: tuple[str, ...] = ()
    """Origins that may call."""
    expose_headers: tuple[str, ...] = ()
    """Response headers that scripts may read."""
    max_age: Annotated[int, Field(ge=0, le=86400)] = 0
    """How long browsers keep the answer, in seconds."""


class FunctionUrlModel(ListenerKeys):
    """A URL of one function."""

    type: Literal["function_url"]
    function: str
    """The name of a function of this file."""
    auth_type: Literal["NONE", "AWS_IAM"] = "NONE"
    """Whether requests must be signed."""
    invoke_mode: Literal["BUFFERED", "RESPONSE_STREAM"] = "BUFFERED"
    """Whether results are streamed."""
    cors: CorsModel | None = None
    """CORS; left out, the function answers for itself."""

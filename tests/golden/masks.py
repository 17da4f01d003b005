"""What differs from run to run, by a word in angle brackets of its own."""

import re
from collections.abc import Mapping
from typing import Final

_MASKS: Final = (
    (rb"(?im)^(date): [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", rb"\1: <date>"),
    (rb"(?i)(x-amz-apigw-id|apigw-requestid): [\w+/-]{15}=", rb"\1: <apigw id>"),
    (rb'(\\?"(?:extendedRequestId|messageId|connectionId|requestId)\\?": ?\\?")[\w+/-]{15}=', rb"\1<apigw id>"),
    (rb"\b[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b", b"<uuid>"),
    (rb"\b1-[0-9a-f]{8}-[0-9a-f]{24}\b", b"<trace>"),
    (rb"\bParent=[0-9a-f]{16}\b", b"Parent=<span>"),
    (rb"\b\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", b"<time>"),
    (rb"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", b"<time>"),
    (rb"\b1[789]\d{11}\b", b"<ms>"),
    (rb"(?i)(x-amz-log-result): [\w+/=]+", rb"\1: <log>"),
    (rb'(?is)(\r\ncontent-length: )\d+(\r\n\r\n[^\r]*"stackTrace": \[).*?\]', rb"\1<length>\2<frames>]"),
    (rb'(?is)(content-length: )\d+(\r\n.*\\?"integrationLatency\\?": ?)\d+', rb"\1<length>\2<ms>"),
    (rb"(AWSALB(?:TG|APP)?(?:CORS|-\d)?)=[\w+/=%-]{8,}", rb"\1=<cookie>"),
    (rb"(?i)(expires)=[A-Z][a-z]{2}, \d\d[ -][A-Z][a-z]{2}[ -]\d{4} \d\d:\d\d:\d\d GMT", rb"\1=<date>"),
)
_COMPILED: Final = tuple((re.compile(pattern), word) for pattern, word in _MASKS)


def masked(data: bytes, ports: Mapping[str, int]) -> bytes:
    """The bytes without what changes; ports of this run by the name of their listener."""
    for pattern, word in _COMPILED:
        data = pattern.sub(word, data)
    for name, number in ports.items():
        data = re.sub(rb"(?<!\d)%d(?!\d)" % number, b"<port %b>" % name.encode(), data)
    return data

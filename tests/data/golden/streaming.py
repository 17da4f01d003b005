"""A custom runtime that streams what the last part of the path asks for."""

import json
import os
from http.client import HTTPConnection

API = "/2018-06-01/runtime/invocation"
HEAD = b'{"statusCode":201,"headers":{"X-A":"1"},"cookies":["a=1"]}' + bytes(8)
STREAMS = {
    "whole": [HEAD, b"first,", b"second"],
    "empty": [HEAD],
    "length": [b'{"statusCode":200,"headers":{"Content-Length":"5"}}' + bytes(8), b"first"],
    "no-content": [b'{"statusCode":204}' + bytes(8)],
    "bad-head": [b"no head" + bytes(8), b"body"],
    "fails-first": [],
    "fails-later": [HEAD, b"first"],
    "plain": [b"no prelude at all"],
}


def chunk(data):
    """One piece of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


connection = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    connection.request("GET", f"{API}/next")
    answer = connection.getresponse()
    event = json.loads(answer.read())
    name = (event.get("rawPath") or event["path"]).rpartition("/")[2]
    connection.putrequest("POST", f"{API}/{answer.headers['Lambda-Runtime-Aws-Request-Id']}/response")
    connection.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
    connection.putheader("Transfer-Encoding", "chunked")
    plain = name == "plain"
    connection.putheader("Content-Type", "text/plain" if plain else "application/vnd.awslambda.http-integration-response")
    connection.putheader("Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body")
    connection.endheaders()
    for piece in STREAMS.get(name, STREAMS["whole"]):
        connection.send(chunk(piece))
    trailers = b"Lambda-Runtime-Function-Error-Type: Function.Broken\r\nLambda-Runtime-Function-Error-Body: e30=\r\n"
    connection.send(b"0\r\n" + (trailers if name.startswith("fails") else b"") + b"\r\n")
    connection.getresponse().read()

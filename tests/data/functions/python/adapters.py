"""One echo application in three frameworks, each behind the adapter that its users take to Lambda."""

import base64
import hashlib
import json
from urllib.parse import parse_qsl

from apig_wsgi import make_lambda_handler
from aws_lambda_powertools.event_handler import ALBResolver, Response
from flask import Flask
from flask import Response as FlaskResponse
from flask import request as flask_request
from mangum import Mangum

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
COOKIES = ("a=1; Path=/", "b=2")


def seen(method, path, query, headers, body):
    """What the application saw, in one header."""
    facts = {
        "method": method,
        "path": path,
        "query": sorted(query),
        "headers": {name.lower(): value for name, value in headers},
        "body": hashlib.sha256(body).hexdigest(),
    }
    return json.dumps(facts)


def reversed_body(body, content_type):
    """The answer's body: text stays text."""
    return body[::-1] if content_type == "application/octet-stream" else body.decode()[::-1].encode()


def status_of(method):
    return {"POST": 201, "DELETE": 404}.get(method, 200)


def type_of(headers):
    """The answer's body is of the request's type."""
    return {name.lower(): value for name, value in headers}.get("content-type", "text/plain; charset=utf-8")


async def asgi(scope, receive, send):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    query = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
    answer = reversed_body(body, type_of(headers))
    lines = [
        (b"content-type", type_of(headers).encode()),
        (b"content-length", str(len(answer)).encode()),
        (b"x-seen", seen(scope["method"], scope["path"], query, headers, body).encode()),
        *((b"set-cookie", cookie.encode()) for cookie in COOKIES),
    ]
    await send({"type": "http.response.start", "status": status_of(scope["method"]), "headers": lines})
    await send({"type": "http.response.body", "body": answer})


mangum_handler = Mangum(asgi, lifespan="off")

flask = Flask(__name__)


@flask.route("/", defaults={"path": ""}, methods=METHODS)
@flask.route("/<path:path>", methods=METHODS)
def echo(path):
    headers = list(flask_request.headers.items())
    query = parse_qsl(flask_request.query_string.decode(), keep_blank_values=True)
    body = flask_request.get_data()
    response = FlaskResponse(reversed_body(body, type_of(headers)), status_of(flask_request.method), content_type=type_of(headers))
    response.headers["x-seen"] = seen(flask_request.method, flask_request.path, query, headers, body)
    for cookie in COOKIES:
        response.headers.add("set-cookie", cookie)
    return response


wsgi_handler = make_lambda_handler(flask, binary_support=True)

resolver = ALBResolver()


@resolver.route(".*", method=METHODS)
def powertools_echo():
    event = resolver.current_event
    headers = [(name, ", ".join(values)) for name, values in values_of(event.resolved_headers_field)]
    query = [(name, value) for name, values in values_of(event.resolved_query_string_parameters) for value in values]
    body = base64.b64decode(event.body) if event.is_base64_encoded else (event.body or "").encode()
    answer = reversed_body(body, type_of(headers))
    answer = answer if event.is_base64_encoded else answer.decode()
    lines = {"x-seen": seen(event.http_method, event.path, query, headers, body), "set-cookie": list(COOKIES)}
    return Response(status_of(event.http_method), type_of(headers), answer, lines)


def values_of(members):
    """Names with lists of values, whatever the mode."""
    return [(name, value if isinstance(value, list) else [value]) for name, value in (members or {}).items()]


def powertools_handler(event, context):
    return resolver.resolve(event, context)

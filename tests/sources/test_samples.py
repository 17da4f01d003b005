"""Events of other services."""

import base64
import gzip
import json
import re
from typing import Any

import pytest

from gateway.errors import UsageError
from gateway.sources.samples import build_sample, load_templates, service_names

ALL = [(service, name) for service in service_names() for name in load_templates(service)]

SAM = {
    "alexa-skills-kit": "end-session intent-answer intent-getnewfact intent-mycoloris intent-recipe start-session",
    "alexa-smart-home": "smart-home-control-turn-off-request smart-home-control-turn-on-request "
    "smart-home-discovery-request",
    "apigateway": "authorizer request-authorizer",
    "appsync": "resolver",
    "batch": "get-job submit-job",
    "cloudformation": "create-request",
    "cloudfront": "ab-test access-request-in-response http-redirect modify-querystring modify-response-header "
    "multiple-remote-calls-aggregate-response normalize-querystring-to-improve-cache-hit redirect-on-viewer-country "
    "redirect-unauthenticated-users response-generation serve-object-on-viewer-device simple-remote-call",
    "cloudwatch": "logs scheduled-event",
    "codecommit": "repository",
    "codepipeline": "job",
    "cognito": "sync-trigger",
    "config": "item-change-notification oversized-item-change-notification periodic-rule",
    "connect": "contact-flow-event",
    "dynamodb": "update",
    "kinesis": "get-records kinesis-firehose analytics analytics-compressed analytics-dynamodb analytics-kpl apachelog "
    "cloudwatch-logs-processor streams-as-source syslog",
    "lex": "book-car book-hotel make-appointment order-flowers",
    "lex-v2": "book-car book-hotel make-appointment order-flowers banking-bot",
    "rekognition": "s3-request",
    "s3": "put delete batch-invocation",
    "sagemaker": "ground-truth-pre-human ground-truth-annotation-consolidation",
    "ses": "email-receiving",
    "sns": "notification",
    "sqs": "receive-message",
    "stepfunctions": "error",
    "workmail": "email",
}
"""What ``sam local generate-event`` has beside the events of requests."""


def sample(service: str, name: str, **values: str) -> Any:  # noqa: ANN401 - JSON
    """An event."""
    return build_sample(load_templates(service)[name], {key.replace("_", "-"): it for key, it in values.items()})


def test_whoever_comes_from_sam_finds_their_events() -> None:
    """The names are the same."""
    missing = {(service, name) for service, names in SAM.items() for name in names.split()} - set(ALL)

    assert not missing


@pytest.mark.parametrize(("service", "name"), ALL)
def test_every_template(service: str, name: str) -> None:
    """A template says what it is and from where, uses all its parameters, and leaves no placeholder behind."""
    template = load_templates(service)[name]
    text = json.dumps(template.event)
    used = set(re.findall(r"\$\{([a-z0-9-]+)", text))

    assert template.help.endswith(".")
    assert template.source
    assert used <= set(template.parameters)
    assert set(template.parameters) - used <= {"region", "account-id", "partition"}
    assert "${" not in json.dumps(build_sample(template))
    assert build_sample(template) == build_sample(
        template, {key: it.default for key, it in template.parameters.items()}
    )


@pytest.mark.parametrize(
    ("key", "encoded"),
    [("a b/c", "a+b/c"), ("ü+%", "%C3%BC%2B%25"), ("x=1&y", "x%3D1%26y"), ("plain.txt", "plain.txt")],
)
def test_keys_of_s3(key: str, encoded: str) -> None:
    """A key is URL-encoded, its slashes stay and spaces become plus signs."""
    assert sample("s3", "put", key=key)["Records"][0]["s3"]["object"]["key"] == encoded


def test_derived_values() -> None:
    """Sizes are numbers, digests fit the text, a delete has no size."""
    put = sample("s3", "put", size="7", content="x")["Records"][0]["s3"]["object"]
    message = sample("sqs", "receive-message", body="Hello from SQS!")["Records"][0]
    removed = sample("s3", "delete")["Records"][0]

    assert (put["size"], put["eTag"]) == (7, "9dd4e461268c8034f5c8564e155c67a6")
    assert message["md5OfBody"] == "7b270e59b47ff90a553787216d55d91d"
    assert set(removed["s3"]["object"]) == {"key", "sequencer"}
    assert removed["eventName"] == "ObjectRemoved:Delete"


def test_encoded_records() -> None:
    """What the service encodes is encoded."""
    record = sample("kinesis", "get-records", data="ü")["Records"][0]["kinesis"]
    logs = sample("cloudwatch", "logs")["awslogs"]["data"]

    assert base64.b64decode(record["data"]).decode() == "ü"
    assert json.loads(gzip.decompress(base64.b64decode(logs)))["messageType"] == "DATA_MESSAGE"


def test_items_of_dynamodb() -> None:
    """A plain JSON object becomes attribute values of every type."""
    event = sample("dynamodb", "insert", new='{"s":"a","n":1.5,"b":true,"z":null,"l":[1],"m":{"x":"y"}}')

    assert event["Records"][0]["dynamodb"]["NewImage"] == {
        "s": {"S": "a"},
        "n": {"N": "1.5"},
        "b": {"BOOL": True},
        "z": {"NULL": True},
        "l": {"L": [{"N": "1"}]},
        "m": {"M": {"x": {"S": "y"}}},
    }


@pytest.mark.parametrize(
    ("service", "name", "values", "message"),
    [
        ("s3", "put", {"bucket": "No_Such"}, "--bucket 'No_Such': expected 3 to 63 lower-case letters"),
        ("s3", "put", {"size": "big"}, "--size 'big': expected a number of bytes"),
        ("sqs", "receive-message", {"account_id": "1"}, "twelve digits"),
        ("sqs", "receive-message", {"colour": "red"}, "there is no 'colour' in this event; there are queue, body"),
        ("dynamodb", "insert", {"new": "[1]"}, "--new '\\[1\\]': expected an object"),
        ("eventbridge", "event", {"detail": "{"}, "--detail '{': Expecting"),
        ("cloudfront", "viewer-response", {"status": "99"}, "a status from 200 to 599"),
    ],
)
def test_values_are_checked(service: str, name: str, values: dict[str, str], message: str) -> None:
    """What the service would not take is refused."""
    with pytest.raises(UsageError, match=message):
        sample(service, name, **values)


def test_a_service_that_is_not_there() -> None:
    """The message names those that are."""
    with pytest.raises(UsageError, match="there are alexa-skills-kit"):
        load_templates("ec2")

"""The control port as boto3 and the AWS CLI see it."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from starlette.types import ASGIApp

from gateway.functions.service import LambdaService
from gateway.invocation import Failed, Returned, StreamBroken, Streamed, Throttled
from gateway.lambda_api.app import build_control_app
from gateway.lambda_api.signature import SignatureCheck
from tests.lambda_api.conftest import ARN, ControlPort, Server, chunks_of

CREDENTIALS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
EVENT = '{"key1": "value1", "key2": "value2", "key3": "value3" }'


class LambdaClient(Protocol):
    """The part of boto3's client that is used here; boto3 itself makes it at run time."""

    def invoke(self, **parameters: object) -> dict[str, Any]:
        """Call a function."""
        ...

    def invoke_async(self, **parameters: object) -> dict[str, Any]:
        """Call a function the old way."""
        ...

    def invoke_with_response_stream(self, **parameters: object) -> dict[str, Any]:
        """Call a function and read its answer in pieces."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


def client_for(url: str, **changed: str) -> LambdaClient:
    """A boto3 client of the Lambda service at ``url``, without retries."""
    config = Config(retries={"total_max_attempts": 1}, proxies={})
    session = boto3.session.Session(**(CREDENTIALS | changed))
    client: LambdaClient = session.client("lambda", endpoint_url=url, config=config)
    return client


@pytest.fixture
def lambda_client(control: ControlPort) -> Iterator[LambdaClient]:
    """A boto3 client of the control port."""
    client = client_for(control.url)
    yield client
    client.close()


def test_boto3_invokes(control: ControlPort, lambda_client: LambdaClient) -> None:
    """The dictionary that boto3 gives is the one that it gives for AWS."""
    control.target.outcome = Returned(b'{"ok":true}', b"the log")

    answer = lambda_client.invoke(
        FunctionName=f"{ARN}:$LATEST", Payload=b"[1]", LogType="Tail", ClientContext=base64.b64encode(b"{}").decode()
    )

    assert json.load(answer["Payload"]) == {"ok": True}
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert base64.b64decode(answer["LogResult"]) == b"the log"
    assert "FunctionError" not in answer
    seen = control.target.seen[0]
    assert (seen.payload, seen.client_context, seen.function_arn) == (b"[1]", b"{}", f"{ARN}:$LATEST")
    assert answer["ResponseMetadata"]["RequestId"] == seen.request_id


def test_boto3_sees_a_function_error(control: ControlPort, lambda_client: LambdaClient) -> None:
    """``FunctionError`` is ``Unhandled`` and the payload is the error object."""
    control.target.outcome = Failed(b'{"errorMessage":"m","errorType":"E"}', "E", "m")

    answer = lambda_client.invoke(FunctionName="demo-lambda")

    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.load(answer["Payload"])["errorType"] == "E"


@pytest.mark.parametrize(("kind", "status"), [("Event", 202), ("DryRun", 204)])
def test_boto3_sees_the_other_types(lambda_client: LambdaClient, kind: str, status: int) -> None:
    """An event and a dry run have no executed version and no payload."""
    answer = lambda_client.invoke(FunctionName="demo-lambda", InvocationType=kind)

    assert (answer["StatusCode"], answer["Payload"].read()) == (status, b"")
    assert "ExecutedVersion" not in answer


def error_of(call: Callable[[], object]) -> dict[str, Any]:
    """What boto3 makes of an error answer, without the metadata of HTTP."""
    with pytest.raises(ClientError) as raised:
        call()
    return {key: value for key, value in raised.value.response.items() if key != "ResponseMetadata"}


def test_boto3_sees_a_throttle_as_recorded(control: ControlPort, lambda_client: LambdaClient) -> None:
    """The error dictionary equals the recorded one (localstack/localstack@8b9a79f0, AWS 2025), member for member."""
    control.target.outcome = Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")

    assert error_of(lambda: lambda_client.invoke(FunctionName="demo-lambda")) == {
        "Error": {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."},
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }


def test_boto3_sees_a_missing_function_as_recorded(lambda_client: LambdaClient) -> None:
    """The error dictionary equals the recorded one (localstack/localstack@8b9a79f0, AWS 2025-11-24)."""
    text = "Function not found: arn:aws:lambda:us-east-1:123456789012:function:doesnotexist:$LATEST"

    assert error_of(lambda: lambda_client.invoke(FunctionName="doesnotexist")) == {
        "Error": {"Code": "ResourceNotFoundException", "Message": text},
        "Message": text,
        "Type": "User",
    }


def test_boto3_sees_another_account_as_recorded(lambda_client: LambdaClient) -> None:
    """The recorded message of a foreign account is null."""
    name = ARN.replace("123456789012", "999999999999")

    error = error_of(lambda: lambda_client.invoke(FunctionName=name))

    assert error == {"Error": {"Code": "AccessDeniedException", "Message": None}}


def test_boto3_reads_a_stream(control: ControlPort, lambda_client: LambdaClient) -> None:
    """Chunks arrive as the function wrote them, then the end."""
    control.target.outcome = Streamed("text/plain", chunks_of(b"a", b"b" * 3_000_000))

    answer = lambda_client.invoke_with_response_stream(FunctionName="demo-lambda", Payload=b"{}")
    *chunks, last = list(answer["EventStream"])

    assert b"".join(chunk["PayloadChunk"]["Payload"] for chunk in chunks) == b"a" + b"b" * 3_000_000
    assert last == {"InvokeComplete": {}}
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert answer["ResponseStreamContentType"] == "text/plain"


def test_boto3_reads_a_broken_stream(control: ControlPort, lambda_client: LambdaClient) -> None:
    """The failure of a function half-way stands in the last event."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"a"
        raise StreamBroken("E", b"details")

    control.target.outcome = Streamed("text/plain", chunks())

    events = list(lambda_client.invoke_with_response_stream(FunctionName="demo-lambda")["EventStream"])

    assert events == [
        {"PayloadChunk": {"Payload": b"a"}},
        {"InvokeComplete": {"ErrorCode": "E", "ErrorDetails": "details"}},
    ]


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
def test_boto3_invokes_the_old_way(lambda_client: LambdaClient) -> None:
    """The legacy operation gives 202."""
    assert lambda_client.invoke_async(FunctionName="demo-lambda", InvokeArgs=b"[1]")["Status"] == 202


@pytest.fixture
def strict_url(control: ControlPort, serve: Callable[[ASGIApp], Server]) -> str:
    """A control port that knows one key."""

    async def reset() -> None:
        control.resets.append("reset")

    check = SignatureCheck({"AKIDEXAMPLE": "secret"}, "us-east-1")
    return serve(build_control_app(LambdaService([control.function]), reset, check)).url


@pytest.mark.parametrize("name", ["demo-lambda", ARN])
def test_strict_mode_accepts_boto3(strict_url: str, name: str) -> None:
    """What boto3 signs is verified, percent-encoded names and a qualifier included."""
    client = client_for(strict_url)

    assert client.invoke(FunctionName=name, Qualifier="$LATEST", Payload=b'{"a":1}')["StatusCode"] == 200
    client.close()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"aws_secret_access_key": "other"}, "InvalidSignatureException"),
        ({"aws_access_key_id": "AKIDOTHER"}, "UnrecognizedClientException"),
        ({"region_name": "eu-west-1"}, "InvalidSignatureException"),
    ],
)
def test_strict_mode_refuses_other_keys(strict_url: str, changed: dict[str, str], code: str) -> None:
    """A wrong secret, an unknown key and a foreign region are told apart as on AWS."""
    client = client_for(strict_url, **changed)

    assert error_of(lambda: client.invoke(FunctionName="demo-lambda"))["Error"]["Code"] == code
    client.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("POST", "/2015-03-31/functions"), ("GET", "/2015-03-31/functions/demo-lambda/invocations")],
)
def test_an_unknown_operation_is_told_what_there_is(control: ControlPort, method: str, path: str) -> None:
    """404 as JSON that names the operations which this port has."""
    answer = control.client.request(method, path)

    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (404, "UnknownOperationException")
    assert f"{method} {path}" in answer.json()["message"]
    assert "/2015-03-31/functions/NAME/invocations" in answer.json()["message"]


def aws_cli() -> tuple[str, list[str]]:
    """The AWS CLI, and the options that make it send a payload as it is: version 1 knows no other way."""
    command = os.environ.get("GATEWAY_TEST_AWS_CLI") or shutil.which("aws")
    if command is None:
        pytest.skip("no AWS CLI: install it or name one in GATEWAY_TEST_AWS_CLI")
    shown = subprocess.run([command, "--version"], capture_output=True, text=True, check=False, timeout=60)
    version = (shown.stdout or shown.stderr).strip()
    if not version.startswith("aws-cli/"):
        pytest.skip(f"{command} does not run: name an AWS CLI in GATEWAY_TEST_AWS_CLI")
    return command, [] if version.startswith("aws-cli/1") else ["--cli-binary-format", "raw-in-base64-out"]


def run_cli(tmp_path: Path, control: ControlPort, *more: str) -> subprocess.CompletedProcess[str]:
    """The command of AWS's own tutorial, pointed at the control port."""
    program, raw = aws_cli()
    command = [program, "lambda", "invoke", "--function-name", "demo-lambda"]
    command += [*raw, "--payload", EVENT, "--region", "us-east-1"]
    command += ["response.json", "--endpoint-url", control.url, *more]
    environment = os.environ | {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PAGER": "",
        "NO_PROXY": "127.0.0.1",
    }
    return subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=100
    )


def test_the_aws_cli_invokes(tmp_path: Path, control: ControlPort) -> None:
    """The CLI prints status and version and writes the function's bytes into the file."""
    control.target.outcome = Returned(b'{"statusCode": 200}')

    done = run_cli(tmp_path, control)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    assert (tmp_path / "response.json").read_bytes() == b'{"statusCode": 200}'
    assert control.target.seen[0].payload == EVENT.encode()


def test_the_aws_cli_shows_a_throttle(tmp_path: Path, control: ControlPort) -> None:
    """The sentence that users of the CLI know."""
    if not aws_cli()[1]:
        pytest.skip("AWS CLI version 1 ends with another code: name version 2 in GATEWAY_TEST_AWS_CLI")
    control.target.outcome = Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")

    done = run_cli(tmp_path, control)

    assert done.returncode == 254
    assert "An error occurred (TooManyRequestsException) when calling the Invoke operation" in done.stderr
    assert "Rate Exceeded." in done.stderr

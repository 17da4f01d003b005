"""From the options of the command line to settings."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest

from gateway.cli import invoke, serve
from gateway.cli.serve_settings import ServeOptions, settings_of
from gateway.config.attributes import LISTENER, TARGET_GROUP
from gateway.config.listener import Certificate
from gateway.config.settings import AlbSettings, FunctionSettings, TargetGroupSettings
from gateway.config.tables import model_of
from gateway.errors import UsageError
from gateway.listener_types import FLAVOURS, listener_type_of

OPTIONS = ServeOptions(
    target="app.handler",
    timeout=3,
    memory=128,
    env_files=(),
    env=(),
    runtime=None,
    program=None,
    runtime_client="worker",
    layers=(),
    python=None,
    region=None,
    account=None,
    verbose=False,
    port=8000,
    host="127.0.0.1",
    https=False,
    certificate=None,
    private_key=None,
    flavour="alb",
    environments=None,
    concurrency=None,
    functions=(),
    control_port=None,
    target_group_arn="arn:of:group",
    reload=False,
    freeze=False,
    cpu_share=False,
    sandbox=None,
    debug_port=None,
    in_process=False,
    access_log="off",
    log_format=None,
    quiet=False,
    endpoint_url="",
    signing_keys=(),
    allow_hosts=(),
    allow_origins=(),
    record=None,
    dev_headers=False,
)


def test_function(tmp_path: Path) -> None:
    """The options are the function's settings; its name comes from its module, its layers stand in the folder."""
    options = replace(
        OPTIONS, timeout=7, memory=256, env=("AA=1",), layers=(Path("layer"),), environments=4, concurrency=2
    )
    settings = settings_of(options, tmp_path)
    function = settings.functions["app"]

    assert (function.handler, function.code, function.runtime) == ("app.handler", tmp_path, "python")
    assert (function.timeout, function.memory_size, function.environment) == (7, 256, {"AA": "1"})
    assert (function.environments, function.reserved_concurrent_executions) == (4, 2)
    assert function.layers == (tmp_path / "layer",)


@pytest.mark.parametrize("name", FLAVOURS)
def test_every_name_is_a_listener(name: str, tmp_path: Path) -> None:
    """It has the port, the function and what the name stands for; a load balancer's function is in a target group."""
    settings = settings_of(replace(OPTIONS, flavour=name, port=5, host="0.0.0.0"), tmp_path)
    (listener,) = settings.listeners
    row, named = listener_type_of(name), FLAVOURS[name]

    assert (listener.type, listener.port, listener.host) == (row.type, 5, "0.0.0.0")
    assert {key: getattr(listener, key) for key in named.settings} == named.settings
    if row.target_groups:
        (group,) = settings.target_groups.values()
        assert group.function == "app"
        assert named.target_group.items() <= group.attributes.items()
    else:
        assert getattr(listener, "function", "") == "app"


@pytest.mark.parametrize("name", FLAVOURS)
def test_every_listener_can_speak_tls(name: str, tmp_path: Path) -> None:
    """With a certificate of one's own, whose files stand in the folder, or with one of the local authority."""
    own = replace(OPTIONS, flavour=name, certificate=Path("a.pem"), private_key=Path("key.pem"))
    given = [settings_of(it, tmp_path).listeners[0] for it in (own, replace(OPTIONS, flavour=name, https=True))]

    pair = Certificate(tmp_path / "a.pem", tmp_path / "key.pem")
    assert [(it.protocol, it.certificates) for it in given] == [("HTTPS", (pair,)), ("HTTPS", ())]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"certificate": Path("a.pem")}, "--certificate and --private-key go together"),
        ({"private_key": Path("a.pem"), "https": True}, "--certificate and --private-key go together"),
        ({"target": "gateway.toml", "https": True}, "gateway.toml says itself which listeners speak TLS"),
    ],
)
def test_options_of_tls_that_cannot_be(given: dict[str, Any], message: str, tmp_path: Path) -> None:
    """What is missing, or has no effect, is said."""
    with pytest.raises(UsageError, match=message):
        settings_of(replace(OPTIONS, **given), tmp_path)


def test_front_door(tmp_path: Path) -> None:
    """One listener forwards everything to the first function; its group has AWS's defaults and the given ARN."""
    settings = settings_of(replace(OPTIONS, port=80, host="::1", functions=("other=two.handler",)), tmp_path)
    (listener,) = settings.listeners
    (group,) = settings.target_groups.values()

    assert isinstance(listener, AlbSettings)
    assert (listener.port, listener.host) == (80, "::1")
    assert listener.attributes == {key: attribute.default for key, attribute in LISTENER.items()}
    assert (group.function, group.arn) == ("app", "arn:of:group")
    assert group.attributes == {key: attribute.default for key, attribute in TARGET_GROUP.items()}
    assert list(settings.functions) == ["app", "other"]


@pytest.mark.parametrize(("flavour", "expected"), [("alb", False), ("alb-multi", True)])
def test_mode(tmp_path: Path, flavour: str, *, expected: bool) -> None:
    """``--as alb-multi`` is an attribute of the target group."""
    (group,) = settings_of(replace(OPTIONS, flavour=flavour), tmp_path).target_groups.values()

    assert group.attributes["lambda.multi_value_headers.enabled"] is expected


def test_functions_without_a_target(tmp_path: Path) -> None:
    """The first ``--function`` is the one behind the port."""
    settings = settings_of(replace(OPTIONS, target="", functions=("a=x.handler", "b=y.handler")), tmp_path)

    assert [group.function for group in settings.target_groups.values()] == ["a"]
    assert {name: function.handler for name, function in settings.functions.items()} == {
        "a": "x.handler",
        "b": "y.handler",
    }


@pytest.mark.parametrize(
    ("files", "runtime", "program", "expected"),
    [
        (["app.py"], None, None, "python"),
        (["app.mjs"], None, None, "nodejs"),
        (["app.mjs"], "python", None, "python"),
        ([], None, None, "python"),
        (["app.mjs"], None, "./run --fast", "provided"),
        ([], "nodejs", "./run", "nodejs"),
    ],
)
def test_runtime(tmp_path: Path, files: list[str], runtime: str | None, program: str | None, expected: str) -> None:
    """What is given counts; otherwise a command is a runtime of its own, or the handler's file tells."""
    for name in files:
        (tmp_path / name).touch()
    settings = settings_of(replace(OPTIONS, runtime=runtime, program=program), tmp_path)
    (function,) = settings.functions.values()

    assert function.runtime == expected
    assert function.command == (tuple(program.split()) if program else ())


def test_two_runtimes(tmp_path: Path) -> None:
    """When the files do not tell, the user is asked to."""
    (tmp_path / "app.py").touch()
    (tmp_path / "app.mjs").touch()
    with pytest.raises(UsageError, match="say which with --runtime nodejs or python"):
        settings_of(OPTIONS, tmp_path)


@pytest.mark.parametrize("item", ["app.handler", "=app.handler", "name="])
def test_malformed_function(tmp_path: Path, item: str) -> None:
    """The message shows how it is written."""
    with pytest.raises(UsageError) as raised:
        settings_of(replace(OPTIONS, functions=(item,)), tmp_path)

    assert str(raised.value) == f"--function {item}: write NAME=TARGET, such as orders=app.handler"


def test_region_and_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An option wins over the file's key, which wins over the environment; the target group's ARN follows."""
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    (tmp_path / "gateway.toml").write_text('region = "eu-west-1"\naccount = "222222222222"\n')
    of_file = replace(OPTIONS, target="gateway.toml")
    of_handler = replace(OPTIONS, target_group_arn="")

    assert settings_of(of_file, tmp_path).account_region == ("eu-west-1", "222222222222")
    given = replace(of_file, region="eu-west-3", account="333333333333")
    assert settings_of(given, tmp_path).account_region == ("eu-west-3", "333333333333")
    settings = settings_of(of_handler, tmp_path)
    assert settings.account_region == ("eu-north-1", "123456789012")
    assert settings.target_groups["app"].arn == (
        "arn:aws:elasticloadbalancing:eu-north-1:123456789012:targetgroup/gateway/6d0ecf831eec9f09"
    )


@pytest.mark.parametrize("command", [serve.command, invoke.command], ids=lambda it: it.name)
@pytest.mark.parametrize(("option", "key"), [("timeout", "timeout"), ("memory", "memory_size")])
def test_options_of_functions_are_keys_of_the_file(command: click.Command, option: str, key: str) -> None:
    """An option has the range and the default of its key."""
    (found,) = (it for it in command.params if it.name == option)
    assert isinstance(found.type, click.IntRange)
    described = model_of(FunctionSettings).model_json_schema()["properties"][key]

    expected = (described["minimum"], described["maximum"], described["default"])
    assert (found.type.min, found.type.max, found.default) == expected


def test_a_function_without_options_has_the_defaults_of_the_keys(tmp_path: Path) -> None:
    """What the command line cannot say is as in a file that does not say it."""
    function = settings_of(OPTIONS, tmp_path).functions["app"]

    assert function == FunctionSettings("app", "app.handler", runtime="python", code=tmp_path)


def test_a_load_balancer_without_a_file_has_the_defaults_of_the_keys(tmp_path: Path) -> None:
    """Its listener and its target group say no more than where they are and what is behind them."""
    settings = settings_of(OPTIONS, tmp_path)
    (listener,) = settings.listeners
    assert isinstance(listener, AlbSettings)

    assert listener == AlbSettings(8000, listener.default_actions)
    assert settings.target_groups["app"] == TargetGroupSettings("app", "app", arn="arn:of:group")

"""From checked models to frozen settings: defaults that depend on others, absolute paths, files of variables."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from gateway.config import apis, authentication, conditions, doors, rules, settings, transforms
from gateway.config.env_file import read_env_file
from gateway.config.listeners import actions as action_models
from gateway.config.listeners import alb
from gateway.config.listeners import apis as api_models
from gateway.config.listeners import conditions as condition_models
from gateway.config.listeners.function_url import CorsModel
from gateway.config.model import FileModel, FunctionModel, HealthCheckModel, TargetGroupModel
from gateway.config.source import Fault, KeyPath
from gateway.configuration import default_capacity
from gateway.listener_types import listener_type
from gateway.loading import load

T = TypeVar("T")

_SETTINGS: Final[Mapping[type[BaseModel], type[object]]] = {
    alb.RuleModel: rules.RuleSettings,
    alb.CertificateModel: settings.Certificate,
    alb.MutualAuthenticationModel: settings.MutualAuthentication,
    condition_models.HostHeaderModel: conditions.HostHeader,
    condition_models.PathPatternModel: conditions.PathPattern,
    condition_models.HttpHeaderModel: conditions.HttpHeader,
    condition_models.HttpRequestMethodModel: conditions.HttpRequestMethod,
    condition_models.QueryStringModel: conditions.QueryString,
    condition_models.QueryStringPairModel: conditions.QueryStringPair,
    condition_models.SourceIpModel: conditions.SourceIp,
    action_models.ForwardModel: rules.Forward,
    action_models.TargetGroupTupleModel: rules.TargetGroupTuple,
    action_models.TargetGroupStickinessModel: rules.TargetGroupStickiness,
    action_models.RedirectModel: rules.Redirect,
    action_models.FixedResponseModel: rules.FixedResponse,
    action_models.AuthenticateOidcModel: authentication.AuthenticateOidc,
    action_models.AuthenticateCognitoModel: authentication.AuthenticateCognito,
    action_models.JwtValidationModel: authentication.JwtValidation,
    action_models.JwtClaimModel: authentication.JwtClaim,
    action_models.HostHeaderRewriteModel: transforms.HostHeaderRewrite,
    action_models.UrlRewriteModel: transforms.UrlRewrite,
    action_models.RewriteModel: transforms.Rewrite,
    CorsModel: doors.Cors,
    api_models.ThrottleModel: apis.Throttle,
    api_models.QuotaModel: apis.Quota,
    api_models.ApiKeyModel: apis.ApiKey,
    api_models.UsagePlanModel: apis.UsagePlan,
    api_models.AuthorizerModel: apis.Authorizer,
    api_models.IntegrationModel: apis.Integration,
    api_models.GatewayResponseModel: apis.GatewayResponse,
    api_models.RestRouteModel: apis.RestRoute,
    api_models.HttpRouteModel: apis.HttpRoute,
    api_models.WebSocketRouteModel: apis.WebSocketRoute,
}


def freeze_file(model: FileModel, file: Path, faults: list[Fault]) -> settings.Settings:
    """The settings of a checked file; what its other files lack is added to ``faults``."""
    folder = file.parent
    return settings.Settings(
        source=file,
        functions={name: _function(name, it, folder, faults) for name, it in model.functions.items()},
        target_groups={name: _target_group(name, it) for name, it in model.target_groups.items()},
        concurrent_executions=model.concurrent_executions,
        region=model.region,
        account=model.account,
        listeners=tuple(_listener(listener, folder) for listener in model.listeners),
    )


def _frozen(value: object, folder: Path) -> object:
    """A model as the settings of the same names; paths become absolute, lists tuples."""
    if isinstance(value, BaseModel):
        # Attributes are the only models without settings: they stay a table under AWS's keys.
        kind = _SETTINGS.get(type(value))
        return value.model_dump(by_alias=True) if kind is None else _made(kind, value, folder)
    if isinstance(value, tuple):
        return tuple(_frozen(item, folder) for item in value)
    if isinstance(value, dict):
        return {key: _frozen(item, folder) for key, item in value.items()}
    return _absolute(value, folder) if isinstance(value, Path) else value


def _made(kind: Any, model: BaseModel, folder: Path) -> Any:  # noqa: ANN401 - one of the settings
    # Dataclasses and named tuples both name their fields so.
    names = set(kind.__match_args__) & set(type(model).model_fields)
    return kind(**{name: _frozen(getattr(model, name), folder) for name in names})


def _listener(model: Any, folder: Path) -> Any:  # noqa: ANN401 - of any listener type
    return _made(load(listener_type(model.type).settings), model, folder)


def _absolute(path: Path, folder: Path) -> Path:
    return (folder / path.expanduser()).resolve()


def _function(name: str, model: FunctionModel, folder: Path, faults: list[Fault]) -> settings.FunctionSettings:
    place: KeyPath = ("functions", name)
    code = _absolute(model.code, folder)
    layers = tuple(_absolute(layer, folder) for layer in model.layers)
    named = [(code, (*place, "code")), *((it, (*place, "layers", number)) for number, it in enumerate(layers))]
    for path, where in named:
        if not path.exists():
            faults.append(Fault(where, "there is no {found}{derived}; allowed: a folder or a zip file", f" ({path})"))
    env_file = _absolute(model.env_file, folder) if model.env_file else None
    variables = _variables(env_file, (*place, "env_file"), faults) if env_file else {}
    return settings.FunctionSettings(
        name=name,
        handler=model.handler,
        code=code,
        runtime=model.runtime or "",
        command=model.command,
        timeout=model.timeout,
        memory_size=model.memory_size,
        cpu_share=model.cpu_share,
        environment={**variables, **model.environment},
        env_file=env_file,
        reserved_concurrent_executions=model.reserved_concurrent_executions,
        environments=_given(model.environments, default_capacity()),
        layers=layers,
        description=model.description,
    )


def _variables(file: Path, place: KeyPath, faults: list[Fault]) -> dict[str, str]:
    try:
        variables, mistakes = read_env_file(file)
    except (OSError, UnicodeDecodeError):
        text = "cannot read {found}{derived}; allowed: a text file of NAME=value lines"
        faults.append(Fault(place, text, f" ({file})"))
        return {}
    named = f" ({file})"
    faults.extend(Fault(place, f"line {line} of {{found}}{{derived}}: {what}", named) for line, what in mistakes)
    return variables


def _target_group(name: str, model: TargetGroupModel) -> settings.TargetGroupSettings:
    is_http = any(target.startswith("http") for target in model.targets)
    return settings.TargetGroupSettings(
        name=name,
        function=model.function or "",
        targets=tuple(target.rstrip("/") for target in model.targets),
        attributes=model.attributes.model_dump(by_alias=True),
        health_check=_health_check(model.health_check, is_http=is_http),
        shadow=model.shadow or "",
        arn=model.arn,
        endpoint_url=model.endpoint_url.rstrip("/"),
    )


def _health_check(model: HealthCheckModel, *, is_http: bool) -> settings.HealthCheckSettings:
    """Defaults by the kind of target: ELBv2 API model, ``CreateTargetGroup``, and the ELB user guide."""
    return settings.HealthCheckSettings(
        enabled=_given(model.enabled, is_http),
        path=model.path,
        interval=_given(model.interval, 30 if is_http else 35),
        timeout=_given(model.timeout, 5 if is_http else 30),
        healthy_threshold=model.healthy_threshold,
        unhealthy_threshold=_given(model.unhealthy_threshold, 2 if is_http else 5),
        matcher=model.matcher,
    )


def _given(value: T | None, default: T) -> T:
    return default if value is None else value

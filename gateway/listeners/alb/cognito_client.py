"""The secret of a user pool's client, which authenticate-cognito does not name.

A load balancer may read it because whoever configures it must be allowed ``cognito-idp:DescribeUserPoolClient`` (AWS
ELB user guide, "Prepare to use Amazon Cognito").  The gateway asks with the user's own credentials, through botocore;
its variable ``AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER`` leads to a local stand-in.
"""

import asyncio

from gateway.config.authentication import AuthenticateCognito
from gateway.errors import UsageError
from gateway.listeners.alb.authentication_failure import AuthenticationFailure
from gateway.listeners.alb.oidc_provider import region_and_pool


def need_aws_extra() -> None:
    """Check that botocore is installed; raises `UsageError` otherwise."""
    try:
        import botocore.session  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise UsageError(
            "the action authenticate-cognito asks AWS for the client's secret, which needs botocore: "
            "install it with pip install 'lambda-http-gateway[aws]'"
        ) from error


async def client_secret(action: AuthenticateCognito) -> str:
    """The secret; raises `AuthenticationFailure` when AWS does not give it or the client has none."""
    return await asyncio.to_thread(_client_secret, action)


def _client_secret(action: AuthenticateCognito) -> str:
    import botocore.session  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    region, pool = region_and_pool(action.user_pool_arn)
    try:
        service = botocore.session.get_session().create_client("cognito-idp", region_name=region)
        described = service.describe_user_pool_client(UserPoolId=pool, ClientId=action.user_pool_client_id)
    except (BotoCoreError, ClientError) as error:
        raise AuthenticationFailure("AuthUnhandledException", f"DescribeUserPoolClient: {error}") from error
    secret = described["UserPoolClient"].get("ClientSecret")
    if not isinstance(secret, str):
        raise AuthenticationFailure(
            "AuthUnhandledException", f"the client {action.user_pool_client_id} has no secret; give it one"
        )
    return secret

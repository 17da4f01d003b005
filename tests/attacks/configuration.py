"""The configuration of the attacked gateway: a listener of every type, with what each can have."""

import json
import sys
from pathlib import Path
from typing import Final

from tests.attacks.tokens import ISSUER

_CERTIFICATES: Final = Path(__file__).parents[1] / "data" / "tls"

_FUNCTIONS: Final = """
[functions.echo]
handler = "app.handler"
environments = 3

[functions.authorizer]
handler = "app.authorizer"
environments = 1

[functions.stream]
code = "runtime"
command = {runtime}
environments = 1

[target_groups.echo]
function = "echo"

[target_groups.lists]
function = "echo"
attributes = {{ "lambda.multi_value_headers.enabled" = true }}

[target_groups.servers]
targets = ["{back_end}"]
health_check = {{ enabled = false }}
"""

_BALANCERS: Final = """
[[listeners]]
type = "alb"
port = 0
attributes = { "idle_timeout.timeout_seconds" = 2 }
default_actions = [{ type = "forward", target_groups = [{ target_group = "echo" }] }]

[[listeners]]
type = "alb"
port = 0
trusted_proxies = ["127.0.0.0/8"]
default_actions = [{ type = "forward", target_groups = [{ target_group = "lists" }] }]

[listeners.attributes]
"idle_timeout.timeout_seconds" = 2
"routing.http.desync_mitigation_mode" = "monitor"
"routing.http.xff_client_port.enabled" = true
"routing.http.response.strict_transport_security.header_value" = "max-age=1"

[[listeners.rules]]
priority = 1
conditions = [{ field = "path-pattern", values = ["/fixed*", "/a/?/*"] }]
actions = [{ type = "fixed-response", status_code = 418, message_body = "fixed" }]

[[listeners.rules]]
priority = 2
conditions = [{ field = "path-pattern", values = ["/away*"] }]
actions = [{ type = "redirect", status_code = "HTTP_301", path = "/x/#{path}", query = "y=#{query}", host = "#{host}" }]

[[listeners.rules]]
priority = 3
conditions = [
    { field = "host-header", values = ["*.example.com", "h*"] },
    { field = "query-string", values = [{ key = "a", value = "*" }, { value = "\\\\*" }] },
]
actions = [{ type = "fixed-response", status_code = 200, message_body = "host and query" }]

[[listeners.rules]]
priority = 4
conditions = [
    { field = "http-header", http_header_name = "Cookie", values = ["*a=b*c*"] },
    { field = "source-ip", values = ["1.0.0.0/8"] },
]
actions = [{ type = "fixed-response", status_code = 200, message_body = "header and address" }]

[[listeners.rules]]
priority = 5
conditions = [{ field = "http-request-method", values = ["PURGE"] }]
actions = [{ type = "forward", target_groups = [{ target_group = "echo" }, { target_group = "lists" }] }]

[[listeners]]
type = "alb"
port = 0
default_actions = [{ type = "forward", target_groups = [{ target_group = "lists" }] }]

[listeners.attributes]
"idle_timeout.timeout_seconds" = 2
"routing.http.desync_mitigation_mode" = "strictest"
"routing.http.drop_invalid_header_fields.enabled" = true
"routing.http.xff_header_processing.mode" = "preserve"

[[listeners]]
type = "alb"
port = 0
attributes = { "idle_timeout.timeout_seconds" = 2 }
default_actions = [{ type = "forward", target_groups = [{ target_group = "servers" }] }]
"""

_SECURE: Final = """
[[listeners]]
type = "alb"
port = 0
protocol = "HTTPS"
certificates = [{{ certificate = "{folder}/certificate.pem", private_key = "{folder}/key.pem" }}]
default_actions = [{{ type = "forward", target_groups = [{{ target_group = "echo" }}] }}]

[listeners.attributes]
"idle_timeout.timeout_seconds" = 2
"routing.http.x_amzn_tls_version_and_cipher_suite.enabled" = true

[[listeners.rules]]
priority = 1
conditions = [{{ field = "path-pattern", values = ["/valid*"] }}]

[[listeners.rules.actions]]
type = "jwt-validation"
jwks_endpoint = "{back_end}/keys"
issuer = "{issuer}"
additional_claims = [{{ name = "scope", format = "space-separated-values", values = ["pets/read"] }}]

[[listeners.rules.actions]]
type = "forward"
target_groups = [{{ target_group = "echo" }}]

[[listeners.rules]]
priority = 2
conditions = [{{ field = "path-pattern", values = ["/api/*"] }}]

[[listeners.rules.actions]]
type = "authenticate-oidc"
issuer = "{issuer}"
authorization_endpoint = "{back_end}/authorize"
token_endpoint = "{back_end}/token"
user_info_endpoint = "{back_end}/user"
client_id = "attack"
client_secret = "attack"

[[listeners.rules.actions]]
type = "forward"
target_groups = [{{ target_group = "servers" }}]

[[listeners.rules]]
priority = 3
conditions = [{{ field = "path-pattern", values = ["/fixed*"] }}]
actions = [{{ type = "fixed-response", status_code = 200, message_body = "fixed" }}]
"""

_APIS: Final = """
[[listeners]]
type = "rest_api"
port = 0
function = "echo"
binary_media_types = ["image/png"]

[listeners.routes]
"GET /mine" = {{ function = "echo", authorizer = "token" }}
"GET /simple" = {{ function = "echo", authorizer = "request" }}
"ANY /admin" = {{ function = "echo", authorization_type = "AWS_IAM" }}
"ANY /api/x" = {{ function = "echo", authorizer = "pool" }}
"ANY /key" = {{ function = "echo", api_key_required = true }}
"ANY /mock" = {{ integration = "mock" }}
"ANY /old/{{proxy+}}" = {{ integration = "old" }}
"ANY /stream" = {{ function = "stream", response_transfer_mode = "STREAM" }}

[listeners.routes."POST /pets/{{id}}"]
function = "echo"
request_parameters = {{ "method.request.querystring.a" = false, "method.request.header.X-A" = true }}
request_models = {{ "application/json" = "Pet" }}
validate_request_body = true
validate_request_parameters = true

[listeners.models.Pet]
type = "object"
required = ["name"]
properties = {{ name = {{ type = "string", maxLength = 10 }} }}

[listeners.integrations.mock]
type = "MOCK"
status_code = 204
response_parameters = {{ "method.response.header.Access-Control-Allow-Origin" = "'*'" }}
response_templates = {{ "application/json" = "" }}

[listeners.integrations.old]
type = "HTTP_PROXY"
uri = "{back_end}/{{proxy}}"

[listeners.authorizers.token]
type = "TOKEN"
function = "authorizer"
authorizer_result_ttl_in_seconds = 1

[listeners.authorizers.request]
type = "REQUEST"
function = "authorizer"
identity_source = ["method.request.header.Authorization", "method.request.querystring.a"]

[listeners.authorizers.pool]
type = "COGNITO_USER_POOLS"
provider_arns = ["arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example"]
jwks_uri = "{back_end}/keys"

[listeners.api_keys.partner]
value = "a-key-of-at-least-20-characters"

[listeners.usage_plans.basic]
api_keys = ["partner"]

[[listeners]]
type = "http_api"
port = 0
function = "echo"
stages = {{ dev = {{ TABLE = "x" }} }}
cors = {{ allow_origins = ["https://app.example.com"], allow_methods = ["GET"], allow_headers = ["authorization"] }}

[listeners.routes]
"GET /pets/{{id}}" = "echo"
"ANY /mine" = {{ function = "echo", authorizer = "users", authorization_scopes = ["pets/read"] }}
"ANY /simple" = {{ function = "echo", authorizer = "simple", payload_format_version = "1.0" }}
"ANY /admin" = {{ function = "echo", authorization_type = "AWS_IAM" }}

[listeners.authorizers.users]
type = "JWT"
issuer = "{issuer}"
audience = ["attack"]
jwks_uri = "{back_end}/keys"

[listeners.authorizers.simple]
type = "REQUEST"
function = "authorizer"
identity_source = ["$request.header.Authorization"]
enable_simple_responses = true
authorizer_result_ttl_in_seconds = 0

[[listeners]]
type = "function_url"
port = 0
function = "echo"
cors = {{ allow_origins = ["*"], allow_methods = ["*"], allow_headers = ["*"], max_age = 5 }}

[[listeners]]
type = "function_url"
port = 0
function = "echo"
auth_type = "AWS_IAM"

[[listeners]]
type = "function_url"
port = 0
function = "stream"
invoke_mode = "RESPONSE_STREAM"

[[listeners]]
type = "websocket_api"
port = 0
function = "echo"
routes = {{ ping = {{ function = "echo", two_way = true }}, raise = {{ function = "echo", two_way = true }} }}
"""

NAMES: Final = (
    "alb", "alb-multi", "alb-strictest", "alb-http", "https", "rest", "http", "url", "url-iam", "url-stream",
    "websocket",
)  # fmt: skip
"""The listeners, in the order of the file."""


def configuration(back_end: str) -> str:
    """The file; ``back_end`` is the URL of `tests.attacks.back_end`."""
    words = {
        "back_end": back_end,
        "issuer": ISSUER,
        "folder": _CERTIFICATES,
        "runtime": json.dumps([sys.executable, "runtime.py"]),
    }
    return _FUNCTIONS.format(**words) + _BALANCERS + _SECURE.format(**words) + _APIS.format(**words)

"""A configuration file from the first byte to the answer."""

from pathlib import Path

from tests.cli.serving import serving

FILE = """
[functions.one]
handler = "app.handler"

[target_groups.one]
function = "one"
attributes = { "lambda.multi_value_headers.enabled" = true }

[[listeners]]
type = "alb"
port = 0
default_actions = [
  { type = "fixed-response", status_code = 404, content_type = "text/plain", message_body = "no such place" },
]

[[listeners.rules]]
priority = 10
conditions = [
  { field = "path-pattern", values = ["/one/*"] },
  { field = "http-request-method", values = ["GET", "POST"] },
  { field = "query-string", values = [{ key = "v", value = "2" }, { value = "two*" }] },
  { field = "http-header", http_header_name = "X-Env", values = ["dev*"] },
  { field = "host-header", values = ["*.example.com"] },
  { field = "source-ip", values = ["127.0.0.0/8"] },
]
actions = [{ type = "forward", target_groups = [{ target_group = "one", weight = 9 }] }]

[[listeners.rules]]
priority = 20
conditions = [{ field = "path-pattern", values = ["/old/*"] }]
actions = [{ type = "redirect", host = "new.example.com", path = "/#{path}", status_code = "HTTP_301" }]
"""
HANDLER = """
def handler(event, context):
    lines = event["multiValueHeaders"]["x-env"]
    return {"statusCode": 200, "multiValueHeaders": {"X-Env": lines}, "body": context.function_name + event["path"]}
"""
HOST = "Host: a.example.com"
ENV = "X-Env: developer"


def test_file(tmp_path: Path) -> None:
    """All conditions of a rule must hold; what no rule takes gets the default answer; a redirect has its port."""
    (tmp_path / "app.py").write_text(HANDLER)
    (tmp_path / "gateway.toml").write_text(FILE)
    with serving(tmp_path, "gateway.toml") as served:
        assert served.ready.endswith("-> gateway.toml (alb)\n")
        assert served.get("/one/x?v=2", HOST, ENV) == (200, "one/one/x")
        assert served.get("/one/x?anything=twofold", HOST, ENV) == (200, "one/one/x")
        refused = [
            served.get("/two/x?v=2", HOST, ENV),
            served.get("/one/x?v=3", HOST, ENV),
            served.get("/one/x?v=2", HOST, "X-Env: production"),
            served.get("/one/x?v=2", HOST),
            served.get("/one/x?v=2", "Host: example.org", ENV),
        ]
        assert set(refused) == {(404, "no such place")}
        status, head = served.head("/old/page?a=1", HOST)
        assert status == 301
        assert f"Location: http://new.example.com:{served.port}/old/page?a=1\r\n" in head

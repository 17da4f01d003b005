"""An OpenID Connect provider that believes every name: `python identity_provider.py PORT`.  Only for this machine.

`STACK_CLIENT_SECRET` holds the secret of its one client.
"""

import base64
import html
import json
import os
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import jwt

CLIENT, SECRET = "stack", os.environ["STACK_CLIENT_SECRET"]
PORT = int(sys.argv[1])
ISSUER = f"http://127.0.0.1:{PORT}"
PAGE = """<!DOCTYPE html>
<title>Log in</title>
<form method="post" action="/authorize?{query}">
  <label>Name <input name="name" autofocus></label> <button>Log in</button>
</form>
"""

names_by_code = {}
names_by_token = {}


class Provider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/authorize" and self.is_known_client(dict(parse_qsl(url.query))):
            self.answer(200, PAGE.format(query=html.escape(url.query)).encode(), "text/html")
        elif url.path == "/userinfo":
            self.user_info()
        else:
            self.answer_json(400, {"error": "invalid_request"})

    def do_POST(self):
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        if url.path == "/authorize" and self.is_known_client(query):
            self.log_in(query, form.get("name") or "nobody")
        elif url.path == "/token":
            self.token(form)
        else:
            self.answer_json(400, {"error": "invalid_request"})

    def is_known_client(self, query):
        redirect_uri = query.get("redirect_uri", "")
        return query.get("client_id") == CLIENT and redirect_uri.endswith("/oauth2/idpresponse")

    def log_in(self, query, name):
        code = secrets.token_urlsafe(16)
        names_by_code[code] = name
        self.send_response(302)
        self.send_header("Location", f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def token(self, form):
        """The code for an access token and an id token, if the client shows its secret."""
        pair = base64.b64encode(f"{quote(CLIENT)}:{quote(SECRET)}".encode()).decode()
        name = names_by_code.pop(form.get("code"), None)
        if self.headers["Authorization"] != f"Basic {pair}":
            self.answer_json(401, {"error": "invalid_client"})
        elif name is None:
            self.answer_json(400, {"error": "invalid_grant"})
        else:
            access_token = secrets.token_urlsafe(16)
            names_by_token[access_token] = name
            claims = {"iss": ISSUER, "aud": CLIENT, "sub": name, "exp": int(time.time()) + 3600}
            id_token = jwt.encode(claims, SECRET, "HS256")
            given = {"access_token": access_token, "id_token": id_token, "token_type": "Bearer", "expires_in": 3600}
            self.answer_json(200, given)

    def user_info(self):
        name = names_by_token.get((self.headers["Authorization"] or "").removeprefix("Bearer "))
        if name is None:
            self.answer_json(401, {"error": "invalid_token"})
        else:
            self.answer_json(200, {"sub": name, "name": name})

    def answer_json(self, status, value):
        self.answer(status, json.dumps(value).encode(), "application/json")

    def answer(self, status, body, content_type):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """The gateway's own log is enough."""


ThreadingHTTPServer(("127.0.0.1", PORT), Provider).serve_forever()

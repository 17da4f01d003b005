"""A plain HTTP server: `python legacy.py PORT`.  It says which path it was asked for, and by whom."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Legacy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = f"legacy {self.path} for {self.headers['X-Forwarded-For'] or 'nobody'}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Health checks would fill the terminal."""


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Legacy).serve_forever()

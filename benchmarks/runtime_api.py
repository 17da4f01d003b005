"""The Lambda Runtime API: this gateway beside cargo-lambda, each with the same runtime client, in one run.

    python benchmarks/runtime_api.py [--rounds 5] [--seconds 1] [--connections 1,16,32] [--as alb|url]
                                     [--cargo-lambda PROGRAM]

One client process each.  cargo-lambda has function URLs only; the gateway's front door is the load balancer, its
default, or a function URL too.  Every figure stands between two of a bare uvicorn application, and is printed as its
ratio.  Needs wrk and cargo-lambda, Linux, and awslambdaric for its row; without Node.js its rows are left out.
"""

import argparse
import importlib.util
import shutil
import statistics
import sys

from servers import (
    GATEWAY,
    QUIET,
    UVICORN,
    UVICORN_APP,
    Sample,
    Server,
    compare,
    folder_of,
    median,
    need,
    need_linux,
    need_wrk,
    row,
    running,
    table,
)

# cargo-lambda answers 500 to a result without cookies and multiValueHeaders.
PYTHON = """
def handler(event, context):
    head = {"statusCode": 200, "headers": {"content-type": "text/plain"}, "multiValueHeaders": {}, "cookies": []}
    return {**head, "isBase64Encoded": False, "body": event.get("rawPath", event.get("path"))}
"""
NODE = """
exports.handler = async (event) => ({
  statusCode: 200, headers: { 'content-type': 'text/plain' }, multiValueHeaders: {}, cookies: [],
  isBase64Encoded: false, body: (event.rawPath ?? event.path),
});
"""
PYTHON_CLIENT = """
import json, os, socket, time
from fn import handler

where, _, prefix = os.environ["AWS_LAMBDA_RUNTIME_API"].partition("/")
host, port = where.split(":")
path = (f"/{prefix}" if prefix else "") + "/2018-06-01/runtime/invocation/"

def connect():
    for _ in range(1000):
        try:
            return socket.create_connection((host, int(port)))
        except ConnectionRefusedError:
            time.sleep(0.01)
    raise SystemExit("nobody listens on " + where)

def exchange(request):
    api.sendall(request)
    data = b""
    while b"\\r\\n\\r\\n" not in data:
        more = api.recv(65536)
        if not more:
            raise SystemExit
        data += more
    head, _, body = data.partition(b"\\r\\n\\r\\n")
    headers = dict(line.split(b":", 1) for line in head.lower().split(b"\\r\\n")[1:])
    length = int(headers.get(b"content-length", 0))
    while len(body) < length:
        body += api.recv(65536)
    return headers, body

api = connect()
api.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
while True:
    headers, event = exchange(f"GET {path}next HTTP/1.1\\r\\nHost: {where}\\r\\n\\r\\n".encode())
    result = json.dumps(handler(json.loads(event), None)).encode()
    request_id = headers[b"lambda-runtime-aws-request-id"].strip().decode()
    head = f"POST {path}{request_id}/response HTTP/1.1\\r\\nHost: {where}\\r\\n"
    exchange(f"{head}Content-Length: {len(result)}\\r\\n\\r\\n".encode() + result)
"""
NODE_CLIENT = """
const http = require('node:http');
const { handler } = require('./fn.js');
const [where, ...rest] = process.env.AWS_LAMBDA_RUNTIME_API.split('/');
const [host, port] = where.split(':');
const base = ['', ...rest, '2018-06-01/runtime/invocation/'].join('/');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1, noDelay: true });

const call = (method, path, body = '') => new Promise((done, failed) => {
  const headers = body ? { 'content-length': Buffer.byteLength(body) } : {};
  const request = http.request({ host, port, method, path: base + path, agent, headers }, (reply) => {
    const parts = [];
    reply.on('data', (part) => parts.push(part)).on('error', failed);
    reply.on('end', () => done([reply.headers, Buffer.concat(parts)]));
  });
  request.on('error', failed).end(body);
});

const open = async () => {
  for (let left = 1000; left; left -= 1) {
    try { return await call('GET', 'next'); } catch { await new Promise((later) => setTimeout(later, 10)); }
  }
  return process.exit(1);
};

(async () => {
  for (let [headers, event] = await open(); ; [headers, event] = await call('GET', 'next')) {
    const result = JSON.stringify(await handler(JSON.parse(event)));
    await call('POST', `${headers['lambda-runtime-aws-request-id']}/response`, result);
  }
})().catch(() => process.exit(0));
"""
FILES = {
    "base/app.py": UVICORN_APP,
    "python/fn.py": PYTHON,
    "python/client.py": PYTHON_CLIENT,
    "node/fn.js": NODE,
    "node/client.js": NODE_CLIENT,
    # What cargo-lambda wants to see, although nothing is built.
    "python/Cargo.toml": '[package]\nname = "f"\nversion = "0.1.0"\nedition = "2021"\n',
    "python/src/main.rs": "fn main() {}\n",
    "node/Cargo.toml": '[package]\nname = "f"\nversion = "0.1.0"\nedition = "2021"\n',
    "node/src/main.rs": "fn main() {}\n",
}
CLIENTS = {"python": [sys.executable, "client.py"], "node": ["node", "client.js"]}


def ours(front_door: str, name: str, folder: str, *options: str) -> Server:
    command = [*GATEWAY, "fn.handler", "--as", front_door, "--environments", "1", *options, *QUIET]
    return Server(f"gateway, {name}", command, folder=folder)


def cargo_lambda(program: str, name: str, folder: str) -> Server:
    watch = ["lambda", "watch", "--only-lambda-apis", "-A", "127.0.0.1", "-P", "{port}", "--disable-cors", "--quiet"]
    variables = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:{port}/.rt/f"}
    clients = [CLIENTS[folder]]
    return Server(f"cargo-lambda, {name}", [program, *watch], "/lambda-url/f/", folder, variables, clients)


def pairs(program: str, front_door: str) -> dict[str, tuple[Server, Server | None]]:
    """By runtime client: the gateway and, where it can, cargo-lambda with the same client."""
    bare, node = "bare socket (Python)", "node:http"
    found: dict[str, tuple[Server, Server | None]] = {
        bare: (
            ours(front_door, bare, "python", "--command", f"{sys.executable} client.py"),
            cargo_lambda(program, bare, "python"),
        )
    }
    if importlib.util.find_spec("awslambdaric"):
        # AWS's client does not work with cargo-lambda: it ends with a segmentation fault.
        found["awslambdaric"] = (ours(front_door, "awslambdaric", "python", "--runtime-client", "ric"), None)
    if shutil.which("node"):
        found[node] = (
            ours(front_door, node, "node", "--command", "node client.js"),
            cargo_lambda(program, node, "node"),
        )
        found["its own for Node.js"] = (ours(front_door, "its own for Node.js", "node", "--runtime", "nodejs"), None)
    else:
        print("Node.js is not installed, its rows are left out: apt-get install nodejs", file=sys.stderr)
    return found


def between(mine: list[Sample], theirs: list[Sample]) -> Sample:
    """The gateway over cargo-lambda, from the rounds that both were measured in."""
    columns = zip(*(map(lambda a, b: a / b, one, two) for one, two in zip(mine, theirs, strict=True)), strict=True)
    return Sample(*map(statistics.median, columns))


def show(
    connections: int, base: Sample, ratios: dict[str, list[Sample]], rows: list[tuple[str, Server, Server | None]]
) -> None:
    print(f"\n{connections} connections; uvicorn {base.rate:,.0f} requests/s, {base.cpu_us:.0f} µs each = 1.00")
    table("Server, client", "connections", "throughput", "p50", "p99", "CPU per request")
    for _, *servers in rows:
        for server in filter(None, servers):
            row(server.name, connections, *(f"{ratio:.2f}" for ratio in median(ratios[server.name])))
    for client, mine, theirs in rows:
        if theirs:
            figures = between(ratios[mine.name], ratios[theirs.name])
            row(f"**gateway / cargo-lambda**, {client}", connections, *(f"**{ratio:.2f}**" for ratio in figures))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--connections", default="1,16,32")
    parser.add_argument("--as", dest="front_door", choices=("alb", "url"), default="alb")
    parser.add_argument("--cargo-lambda", default="cargo-lambda", metavar="PROGRAM")
    options = parser.parse_args()
    need_wrk()
    need_linux()
    program = need(options.cargo_lambda, "pip install cargo-lambda, or say where it is with --cargo-lambda PROGRAM")
    rows = [(client, *servers) for client, servers in pairs(program, options.front_door).items()]
    base = Server("uvicorn", UVICORN, folder="base")
    others = [server for _, *servers in rows for server in servers if server]
    with folder_of(FILES) as run, running((base, *others), run):
        for connections in map(int, options.connections.split(",")):
            show(connections, *compare(base, others, connections, options.rounds, options.seconds), rows)


if __name__ == "__main__":
    main()

/**
 * The Runtime API over one connection that stays open.
 *
 * A plain socket: the answer of one invocation and the request for the next leave in one write, and nothing is
 * allocated per call that is not needed.  Replies come in the order of the requests.
 */
import { connect as openSocket } from 'node:net';

const PREFIX = '/2018-06-01/runtime/';
const HEAD_END = Buffer.from('\r\n\r\n');

/** A header value from a string that anybody may have made. */
const safe = (value) => String(value).replace(/[^\x20-\x7e]/g, ' ');

/** Splits bytes into replies: {status, headers, body}. */
class ReplyReader {
  #parts = [];
  #bytes = 0;
  #head = null;
  #need = 0;

  /** Calls `take` for each reply that is complete with this chunk. */
  feed(chunk, take) {
    this.#parts.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes > 0 && this.#bytes >= this.#need) {
      const data = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts, this.#bytes);
      this.#parts = [data];
      if (this.#head === null && !this.#readHead(data)) return;
      if (data.length < this.#need) return;
      const { status, headers, start } = this.#head;
      const reply = { status, headers, body: data.subarray(start, this.#need) };
      const rest = data.subarray(this.#need);
      this.#parts = rest.length > 0 ? [rest] : [];
      this.#bytes = rest.length;
      this.#head = null;
      this.#need = 0;
      take(reply);
    }
  }

  #readHead(data) {
    const end = data.indexOf(HEAD_END);
    if (end < 0) return false;
    const [first, ...lines] = data.latin1Slice(0, end).split('\r\n');
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const start = end + HEAD_END.length;
    this.#head = { status: Number(first.slice(9, 12)), headers, start };
    this.#need = start + Number(headers['content-length'] ?? 0);
    return true;
  }
}

/** Connects to `host:port`; the process ends when the other side goes away. */
export function connect(address) {
  const [host, port] = address.split(':');
  const next = Buffer.from(`GET ${PREFIX}invocation/next HTTP/1.1\r\nHost: ${address}\r\n\r\n`);

  let waiting;
  let socket;

  function open() {
    const reader = new ReplyReader();
    const replies = (waiting = []);
    socket = openSocket({ host, port: Number(port), noDelay: true });
    socket.on('data', (chunk) => reader.feed(chunk, (reply) => replies.shift()?.(reply)));
    socket.on('error', () => process.exit(1));
    socket.on('close', () => process.exit(1));
  }
  open();

  const postHead = (path, headers) => `POST ${PREFIX}${path} HTTP/1.1\r\nHost: ${address}\r\n${headers}\r\n`;
  const attemptHeader = (id) => (id.attempt ? `Lambda-Runtime-Invocation-Id: ${id.attempt}\r\n` : '');

  return {
    /** Asks for an invocation. */
    next(take) {
      waiting.push(take);
      socket.ref();
      socket.write(next);
    },

    /** While the handler runs the connection does not keep the process alive: so its event loop can become empty. */
    release() {
      socket.unref();
    },

    /** Posts a result and asks for the next invocation, in one write. */
    respond(id, text, take) {
      const length = Buffer.byteLength(text);
      const headers = `Content-Type: application/json\r\n${attemptHeader(id)}Content-Length: ${length}\r\n`;
      waiting.push(() => {}, take);
      socket.ref();
      socket.cork();
      socket.write(postHead(`invocation/${id.request}/response`, headers) + text);
      socket.write(next);
      socket.uncork();
    },

    /** Posts an error, of an invocation or (without id) of the init phase; `done` follows the reply. */
    fail(id, error, done) {
      const text = JSON.stringify(error);
      const path = id ? `invocation/${id.request}/error` : 'init/error';
      const headers =
        `Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: ${safe(error.errorType)}\r\n` +
        `${id ? attemptHeader(id) : ''}Content-Length: ${Buffer.byteLength(text)}\r\n`;
      waiting.push(done);
      socket.ref();
      socket.write(postHead(path, headers) + text);
    },

    /** Begins a streamed response. */
    beginStream(id, contentType) {
      const headers =
        `Content-Type: ${safe(contentType)}\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n` +
        'Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n' +
        `${attemptHeader(id)}Transfer-Encoding: chunked\r\n`;
      socket.ref();
      socket.write(postHead(`invocation/${id.request}/response`, headers));
    },

    /** Sends one piece; `done` is called when the system has taken it. */
    chunk(data, done) {
      socket.cork();
      socket.write(`${data.length.toString(16)}\r\n`);
      socket.write(data);
      socket.write('\r\n', done);
      socket.uncork();
    },

    /** Cuts a streamed response off, which only the end of its connection can do. */
    cutStream() {
      socket.removeAllListeners('close').destroySoon();
      open();
    },

    /** Ends a streamed response, with trailers if it failed; `done` follows the reply. */
    endStream(error, done) {
      let trailers = '';
      if (error !== undefined) {
        const body = Buffer.from(JSON.stringify(error)).toString('base64');
        trailers =
          `Lambda-Runtime-Function-Error-Type: ${safe(error.errorType)}\r\n` +
          `Lambda-Runtime-Function-Error-Body: ${body}\r\n`;
      }
      waiting.push(done);
      socket.write(`0\r\n${trailers}\r\n`);
    },
  };
}

/** What a streaming handler uses: `awslambda.streamifyResponse` and `awslambda.HttpResponseStream`. */
import { Writable } from 'node:stream';
import { InvalidStreamingOperation } from './errors.mjs';

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const INTEGRATION = 'application/vnd.awslambda.http-integration-response';
const PRELUDE_END = '\0'.repeat(8);

/** Marks a handler as (event, responseStream, context). */
export function streamifyResponse(handler, options) {
  handler[STREAMING] = 'response';
  if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
  return handler;
}

/** How a handler wants to be called: undefined for not streaming. */
export const streamingOf = (handler) => handler[STREAMING];
export const highWaterMarkOf = (handler) => handler[HIGH_WATER_MARK];

/** The response of one invocation; a write is done when the system has taken it, so the reader sets the pace. */
export class ResponseStream extends Writable {
  #api;
  #id;
  #contentType = 'application/octet-stream';
  #begun = false;
  #error = undefined;
  #over = null;

  constructor(api, id, highWaterMark) {
    super(highWaterMark === undefined ? {} : { highWaterMark });
    this.#api = api;
    this.#id = id;
    this.replied = new Promise((resolve) => (this.#over = resolve));
  }

  setContentType(type) {
    if (this.#begun) throw new InvalidStreamingOperation('Cannot set content-type, too late.');
    this.#contentType = type;
  }

  write(chunk, encoding, done) {
    const isData = typeof chunk === 'string' || chunk instanceof Uint8Array;
    return super.write(isData ? chunk : JSON.stringify(chunk), encoding, done);
  }

  /** Ends the request with the error in its trailers, after what has been written. */
  fail(error) {
    if (this.destroyed && !this.writableFinished) {
      this.#begin();
      this.#api.endStream(error, this.#over);
    } else if (!this.writableEnded) {
      this.#error = error;
      this.end();
    }
  }

  _write(chunk, _encoding, done) {
    this.#begin();
    if (chunk.length > 0) this.#api.chunk(chunk, done);
    else done();
  }

  _writev(chunks, done) {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'buffer', done);
  }

  _final(done) {
    this.#begin();
    this.#api.endStream(this.#error, this.#over);
    done();
  }

  #begin() {
    if (this.#begun) return;
    this.#begun = true;
    this.#api.beginStream(this.#id, this.#contentType);
    const prelude = this._onBeforeFirstWrite;
    if (typeof prelude === 'function') prelude((text) => this.#api.chunk(Buffer.from(text)));
  }
}

/** A response with status and headers: JSON, eight NUL bytes, then the body. */
export const HttpResponseStream = {
  from(stream, prelude) {
    stream.setContentType(INTEGRATION);
    const head = JSON.stringify(prelude);
    stream._onBeforeFirstWrite = (write) => write(head + PRELUDE_END);
    return stream;
  },
};

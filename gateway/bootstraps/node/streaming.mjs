/**
 * What a streaming handler uses: `awslambda.streamifyResponse` and `awslambda.HttpResponseStream`.
 *
 * Compared with aws-lambda-ric 4.0.2, whose stream is a request of `node:http`: handlers see the same members of it, and
 * what `HttpResponseStream.from` is given goes out before the first `write` alone, so not when a handler only ends.
 */
import { Writable } from 'node:stream';
import { InvalidStreamingOperation } from './errors.mjs';

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const INTEGRATION = 'application/vnd.awslambda.http-integration-response';
const PRELUDE_END = new Uint8Array(8);

const METHODS = [
  ...['cork', 'destroy', 'end', 'uncork', 'write', 'setContentType'],
  ...['addListener', 'on', 'once', 'prependListener', 'prependOnceListener', 'off', 'removeListener'],
  ...['removeAllListeners', 'setMaxListeners', 'getMaxListeners', 'listeners', 'rawListeners', 'listenerCount'],
  ...['eventNames', 'emit'],
];
const READ_WRITE = ['destroyed', '_onBeforeFirstWrite'];
const READ_ONLY = [
  ...['writable', 'writableFinished', 'writableObjectMode', 'writableEnded', 'writableNeedDrain'],
  ...['writableHighWaterMark', 'writableCorked', 'writableLength'],
];

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
  #written = false;
  #begun = false;
  #error = undefined;
  #over = null;

  constructor(api, id, highWaterMark) {
    super(highWaterMark === undefined ? {} : { highWaterMark });
    this.#api = api;
    this.#id = id;
    /** Done when the platform has the whole of it, or has seen it cut off. */
    this.replied = new Promise((resolve) => (this.#over = resolve));
  }

  setContentType(type) {
    if (this.#written) throw new InvalidStreamingOperation('Cannot set content-type, too late.');
    this.#contentType = type;
  }

  write(chunk, encoding, done) {
    void chunk.length; // neither null nor undefined is data
    const data = typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk);
    if (!this.#written && typeof this._onBeforeFirstWrite === 'function') {
      this._onBeforeFirstWrite((piece) => super.write(piece));
    }
    const goesOn = super.write(data, encoding, done);
    this.#written = true;
    return goesOn;
  }

  /** Ends the request with the error in its trailers, after what has been written. */
  fail(error) {
    if (this.destroyed || this.writableEnded) return;
    this.#error = error;
    this.end();
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

  /** A handler has given the stream up: it is cut off, or never begins, and then nobody can answer. */
  _destroy(error, done) {
    if (this.writableFinished) return done(error);
    if (!this.#begun) process.exit(1);
    this.#api.cutStream();
    this.#over();
    done(null);
  }

  #begin() {
    if (this.#begun) return;
    this.#begun = true;
    this.#api.beginStream(this.#id, this.#contentType);
  }
}

/** What a handler sees of its stream. */
export function shown(stream) {
  const facade = {};
  for (const name of METHODS) facade[name] = stream[name].bind(stream);
  for (const name of READ_ONLY) Object.defineProperty(facade, name, { get: () => stream[name] });
  for (const name of READ_WRITE) {
    Object.defineProperty(facade, name, { get: () => stream[name], set: (value) => (stream[name] = value) });
  }
  return facade;
}

/** A response with status and headers: JSON, eight NUL bytes, then the body. */
export const HttpResponseStream = {
  from(stream, prelude) {
    stream.setContentType(INTEGRATION);
    const head = JSON.stringify(prelude);
    stream._onBeforeFirstWrite = (write) => {
      write(head);
      write(PRELUDE_END);
    };
    return stream;
  },
};

/** One invocation after the other: event in, handler called, answer out. */
import { types } from 'node:util';
import { refuseCallback, takesCallbacks } from './callbacks.mjs';
import { logError, setRequestId } from './console.mjs';
import { MalformedStreamingHandler, NodeJsExit, describe } from './errors.mjs';
import { ResponseStream, highWaterMarkOf, shown, streamingOf } from './streaming.mjs';
import { traceVariable } from './trace.mjs';

const env = process.env;
const parsed = (text) => (text === undefined ? undefined : JSON.parse(text));

/** JSON of a result; what JSON cannot say at all becomes null. */
function textOf(result) {
  try {
    return JSON.stringify(result) ?? 'null';
  } catch {
    throw new Error('Unable to stringify response body');
  }
}

function contextOf(headers) {
  // The wall clock may be set while the handler runs; what is left may not change with it.
  const endsAt = performance.now() + Number(headers['lambda-runtime-deadline-ms']) - Date.now();
  return {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed(headers['lambda-runtime-client-context']),
    identity: parsed(headers['lambda-runtime-cognito-identity']),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    getRemainingTimeInMillis: () => Math.floor(endsAt - performance.now()),
  };
}

/** The context since nodejs24.x. */
const tracedContextOf = (headers) => ({ ...contextOf(headers), xRayTraceId: headers['lambda-runtime-trace-id'] });

/**
 * Makes the loop for a handler: `poll()` starts it, `current()` is the running invocation's id, `idle()` is to be
 * called when the process's event loop is empty.
 */
export function createRunner(api, handler) {
  const streaming = streamingOf(handler);
  if (streaming && streaming !== 'response') {
    throw new MalformedStreamingHandler('Only response streaming is supported.');
  }
  const withCallbacks = takesCallbacks();
  if (!withCallbacks && !streaming) refuseCallback(handler);
  const highWaterMark = highWaterMarkOf(handler);
  const isAsync = types.isAsyncFunction(handler);
  const setTrace = traceVariable();
  let id = null;
  let whenIdle = null;

  function poll() {
    id = null;
    whenIdle = null;
    api.next(receive);
  }

  function receive({ headers, body }) {
    id = { request: headers['lambda-runtime-aws-request-id'], attempt: headers['lambda-runtime-invocation-id'] };
    setRequestId(id.request);
    setTrace(headers['lambda-runtime-trace-id']);
    if (streaming) return void runStreaming(headers, body); // which waits for its stream's end as long as it may
    api.release();
    (withCallbacks ? runWithCallbacks : run)(headers, body);
  }

  function respond(result) {
    const text = textOf(result);
    const answered = id;
    id = null;
    whenIdle = null;
    api.respond(answered, text, receive);
  }

  function fail(error) {
    logError('Invoke Error', error);
    whenIdle = null;
    api.fail(id, describe(error), poll);
  }

  async function run(headers, body) {
    try {
      respond(await handler(JSON.parse(body), tracedContextOf(headers)));
    } catch (error) {
      fail(error);
    }
  }

  function runWithCallbacks(headers, body) {
    let isOver = false;
    let waitsForEmptyEventLoop = true;

    /** The first answer counts. */
    const once = (answer) => (value) => {
      if (isOver) return;
      isOver = true;
      try {
        answer(value);
      } catch (error) {
        fail(error);
      }
    };
    const succeed = once(respond);
    const failOnce = once((error) => fail(error ?? 'handled'));
    const callback = (error, result) => {
      if (isOver) return; // a past invocation's: what happens when the event loop is empty is the present one's
      if (error !== undefined && error !== null) failOnce(error);
      else if (waitsForEmptyEventLoop) whenIdle = () => succeed(result);
      else succeed(result);
    };
    const context = Object.defineProperty(contextOf(headers), 'callbackWaitsForEmptyEventLoop', {
      get: () => waitsForEmptyEventLoop,
      set: (value) => (waitsForEmptyEventLoop = value),
      enumerable: true,
    });
    context.succeed = succeed;
    context.fail = failOnce;
    context.done = (error, result) => (error !== undefined && error !== null ? failOnce(error) : succeed(result));

    whenIdle = isAsync ? () => failOnce(new NodeJsExit()) : () => succeed(null);
    try {
      const result = handler(JSON.parse(body), context, callback);
      if (typeof result?.then === 'function') result.then(succeed, failOnce);
    } catch (error) {
      failOnce(error);
    }
  }

  async function runStreaming(headers, body) {
    const stream = new ResponseStream(api, id, highWaterMark);
    try {
      const context = withCallbacks
        ? { ...contextOf(headers), callbackWaitsForEmptyEventLoop: true }
        : tracedContextOf(headers);
      const result = handler(JSON.parse(body), shown(stream), context);
      if (typeof result?.then !== 'function') throw new Error('Streaming does not support non-async handlers.');
      if ((await result) !== undefined) console.warn('Streaming handlers ignore return values.');
      await stream.replied; // a handler may leave before its stream has ended, as one does that pipes into it
    } catch (error) {
      logError('Invoke Error', error);
      stream.fail(describe(error));
      await stream.replied;
    }
    poll();
  }

  return { poll, current: () => id, idle: () => whenIdle?.() };
}

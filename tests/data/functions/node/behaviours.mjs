// Handlers that do one thing each; the Python twins are in ../python/behaviours.py.
import { setTimeout as sleep } from 'node:timers/promises';

let calls = 0;

export const returns = async (event, context) => ({ event, requestId: context.awsRequestId, calls: ++calls });

export const raises = async () => {
  throw new RangeError('böse');
};

export const returns_null = async () => null;

export const returns_bytes = async (event) => 'x'.repeat(event.bytes - 2);

export const says = async (event) => {
  process.stdout.write(`${event.name}\n`);
};

export const sleeps = async (event) => {
  if (event.name) await says(event);
  await sleep(event.seconds * 1000);
  return 'awake';
};

export const exits = async (event) => {
  if (event.name) await says(event);
  process.exit(event.status);
};

export const kills_itself = async () => {
  process.kill(process.pid, 'SIGKILL');
  await sleep(10_000);
};

export const prints = async () => {
  process.stdout.write('to stdout\n');
  process.stderr.write('to stderr\n');
  return 'printed';
};

export const returns_no_json = async () => {
  const circle = {};
  circle.circle = circle;
  return circle;
};

export const streams = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
  for (const piece of event.pieces) stream.write(piece);
  if (event.breaks) throw new RangeError('half-way');
  stream.end();
});

export const streams_and_says = awslambda.streamifyResponse(async (event, stream) => {
  stream.write('a');
  await sleep(5);
  process.stdout.write('last\n');
  stream.end('b');
});

let written = 0;

export const pours = awslambda.streamifyResponse(async (event, stream) => {
  const piece = Buffer.alloc(65536, 'p');
  for (let n = 0; n < event.pieces; n++) {
    if (!stream.write(piece)) await new Promise((resolve) => stream.once('drain', resolve));
    written++;
  }
  stream.end();
});

export const streams_nothing = awslambda.streamifyResponse(async () => {
  throw new RangeError('before the first piece');
});

export const forgets_to_end = awslambda.streamifyResponse(async (event, stream) => {
  stream.write('a');
});

export const calls_back = (event, context, callback) => {
  setTimeout(() => callback(event.error ?? null, { called: 'back' }), 5);
};

export const calls_back_early = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = event.waits;
  const began = Date.now();
  setTimeout(() => console.log('the loop is empty'), 150);
  callback(null, { began });
};

export const never_calls_back = () => {};

export const never_settles = () => new Promise(() => {});

export const never_settles_async = async () => {
  await new Promise(() => {});
};

export const rejects_unhandled = async () => {
  Promise.reject(new RangeError('nobody listens'));
  await sleep(10_000);
};

export const throws_later = async () => {
  setTimeout(() => {
    throw new RangeError('nobody catches');
  }, 5);
  await sleep(10_000);
};

export const throws_a_string = async () => {
  throw 'just words';
};

export const logs = async () => {
  console.log('one', { two: 2 });
  console.error('three\nfour');
  return null;
};

export const shows_context = async (event, context) => ({
  ...context,
  remaining: context.getRemainingTimeInMillis(),
  trace: process.env._X_AMZN_TRACE_ID ?? null,
});

export const notAFunction = 7;

export const nested = { handler: async () => 'nested' };

let late = null;

// The first invocation leaves its ways to answer, which the second one uses before its own.
export const answers_late = (event, context, callback) => {
  if (event.name === 'second') {
    late.callback(null, 'late');
    late.context.succeed('late');
    late.context.fail(new RangeError('late'));
    late.context.done(null, 'late');
  } else {
    late ??= { callback, context };
    context.callbackWaitsForEmptyEventLoop = false;
  }
  callback(null, event.name);
};

let past = null;

// The second invocation leaves its answer to the event loop, and the first one's callback is called in it.
export const calls_a_past_callback = (event, context, callback) => {
  if (past !== null) return void past(null, 'late');
  past = callback;
  callback(null, 'first');
};

export const streams_and_exits = awslambda.streamifyResponse(async (event, stream) => {
  stream.write('first');
  await sleep(50);
  process.exit(3);
});

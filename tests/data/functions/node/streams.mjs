// Streaming handlers, each by its name in the event; what comes of them is what comes with aws-lambda-ric 4.0.2.
import { setTimeout as sleep } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const http = (stream, prelude = { statusCode: 201 }) => awslambda.HttpResponseStream.from(stream, prelude);

const ways = {
  writes: (stream) => (stream.write('a'), stream.end('b')),
  only_ends: (stream) => stream.end(),
  writes_an_object: (stream) => (stream.write({ a: 1 }), stream.end()),
  writes_null: (stream) => stream.write(null),
  writes_bytes: (stream) => (stream.write(new Uint8Array([97])), stream.write('YmM=', 'base64'), stream.end()),
  http: (stream) => (http(stream).write('body'), stream.end()),
  http_writes_nothing: (stream) => (http(stream).write(''), stream.end()),
  http_only_ends: (stream) => http(stream).end(),
  http_ends_with: (stream) => http(stream).end('body'),
  http_twice: (stream) => (http(http(stream), { statusCode: 203 }).write('a'), stream.end()),
  http_without_a_value: (stream) => http(stream, null).write('a') && stream.end(),
  http_pipes: (stream) => pipeline(Readable.from(['x', 'y']), http(stream)),
  http_pipes_nothing: (stream) => pipeline(Readable.from([]), http(stream)),
  http_then_throws(stream) {
    http(stream);
    throw new RangeError('no');
  },
  throws_words() {
    throw 'words';
  },
  breaks(stream) {
    http(stream).write('a');
    throw new RangeError('no');
  },
  sets_a_type: (stream) => (stream.setContentType('text/html'), stream.write('a'), stream.end()),
  sets_a_type_late: (stream) => (stream.cork(), stream.write('a'), stream.setContentType('text/html')),
  ends_later: (stream) => void setTimeout(() => (stream.write('late'), stream.end()), 50),
  pipes_and_leaves: (stream) => void Readable.from(['x', 'y']).pipe(stream),
  waits_for_its_end: (stream) => new Promise((done) => (stream.on('finish', done), stream.write('a'), stream.end())),
  async gives_up(stream) {
    stream.write('a');
    await sleep(50);
    stream.destroy();
  },
  looks: (stream) => (stream.write([typeof stream.pipe, stream.writable, stream.destroyed].join()), stream.end()),
};

export const handler = awslambda.streamifyResponse(async (event, stream) => {
  await ways[event.way](stream);
});

export const sync = awslambda.streamifyResponse((event, stream) => void stream.write('a'));

import { readFile } from 'node:fs/promises';

/** Writes a piece, waits until somebody writes to the pipe that the query names, and writes another. */
export const waits = awslambda.streamifyResponse(async (event, stream) => {
  const metadata = { statusCode: 201, headers: { 'X-Back': event.headers['x-there'] }, cookies: ['a=1', 'b=2'] };
  stream = awslambda.HttpResponseStream.from(stream, metadata);
  stream.write('one');
  const rest = await readFile(event.queryStringParameters.pipe, 'utf8');
  if (rest === 'break') throw new RangeError('half-way');
  stream.write(rest);
  stream.end();
});

export const plain = async () => ({ statusCode: 200, body: 'whole' });

import { writeFileSync } from 'node:fs';

/** Sets the wall clock as the path says and tells what remained before and after, as app.py does. */
export const handler = async (event, context) => {
  const before = context.getRemainingTimeInMillis();
  const began = Date.now();
  writeFileSync(process.env.FAKETIME_TIMESTAMP_FILE, `${event.pathParameters.seconds}\n`);
  const jump = Math.round((Date.now() - began) / 1000);
  return { statusCode: 200, body: `${jump} ${before} ${context.getRemainingTimeInMillis()}` };
};

/**
 * Callback handlers, which Lambda's runtimes take up to nodejs22.x; aws-lambda-ric 4.0.2, which nodejs24.x runs, refuses
 * what looks like one at init, and calls all other handlers with an event and a context that has no callbacks.
 */
import { CallbackHandlerDeprecated } from './errors.mjs';

/** Whether this runtime, by the name that AWS gives it, calls handlers back. */
export function takesCallbacks(name = process.env.AWS_EXECUTION_ENV ?? '') {
  const version = /^AWS_Lambda_nodejs(\d+)/.exec(name)?.[1];
  return version === undefined || Number(version) < 24;
}

/** Throws for a handler with a third parameter, async or not. */
export function refuseCallback(handler) {
  if (handler.length < 3) return;
  throw new CallbackHandlerDeprecated(
    'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to ' +
      'modify this function to use a supported handler signature to use Node.js 24 or later. For more information see ' +
      'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
  );
}

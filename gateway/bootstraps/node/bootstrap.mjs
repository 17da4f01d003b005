/**
 * Runs a Node.js handler behind the Lambda Runtime API.  No dependencies; Node.js 18 or later.
 *
 *     AWS_LAMBDA_RUNTIME_API=host:port LAMBDA_TASK_ROOT=folder _HANDLER=src/app.handler node bootstrap.mjs
 *
 * What a handler can see of it follows AWS's runtime as published in aws-lambda-nodejs-runtime-interface-client: the
 * order in which files are tried, error types and messages, console lines, exit codes.
 */
import { lead } from './call_backs.mjs';
import { connect } from './client.mjs';
import { loadHandler } from './loader.mjs';
import { patchConsole, logError } from './console.mjs';
import { UnhandledPromiseRejection, describe } from './errors.mjs';
import { lookInto } from './packages.mjs';
import { createRunner } from './runner.mjs';

const callBacks = process.env._GATEWAY_CALL_BACKS;
delete process.env._GATEWAY_CALL_BACKS;
if (callBacks) lead(callBacks);

const api = connect(process.env.AWS_LAMBDA_RUNTIME_API);
let runner = null;

/** Reports what nobody caught, to the invocation that runs or as a failed init, and ends the process. */
function die(title, error, exitCode) {
  logError(title, error);
  const id = runner?.current();
  // Between two invocations nobody waits for a report, and its reply would queue up behind that of `next`.
  if (runner !== null && !id) process.exit(exitCode);
  api.fail(id, describe(error), () => process.exit(exitCode));
}

patchConsole();
process.on('uncaughtException', (error) => die('Uncaught Exception', error, 129));
process.on('unhandledRejection', (reason, promise) =>
  die('Unhandled Promise Rejection', new UnhandledPromiseRejection(reason, promise), 128),
);
process.on('beforeExit', () => runner?.idle());

try {
  lookInto();
  const handler = await loadHandler(process.env.LAMBDA_TASK_ROOT ?? process.cwd(), process.env._HANDLER ?? '');
  runner = createRunner(api, handler);
  runner.poll();
} catch (error) {
  die('Uncaught Exception', error, 129);
}

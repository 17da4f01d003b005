/**
 * console.* as it looks in a Lambda log: one line per call, in text `time<TAB>request id<TAB>level<TAB>message` with
 * line breaks turned into carriage returns, or a JSON object when AWS_LAMBDA_LOG_FORMAT is JSON.
 */
import { format } from 'node:util';
import { describe, withMembers } from './errors.mjs';

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const METHODS = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR', fatal: 'FATAL' };
const isJson = (process.env.AWS_LAMBDA_LOG_FORMAT ?? '').toUpperCase() === 'JSON';

let requestId;

/** The request id of the lines from now on. */
export function setRequestId(id) {
  requestId = id;
}

function textLine(level, values) {
  const message = format(...values).replaceAll('\n', '\r');
  return `${new Date().toISOString()}\t${requestId}\t${level}\t${message}\n`;
}

function jsonLine(level, values) {
  const entry = { timestamp: new Date().toISOString(), level, requestId };
  const only = values.length === 1 ? values[0] : undefined;
  entry.message = typeof only === 'object' && only !== null ? only : format(...values);
  const error = values.find((value) => value instanceof Error);
  if (error !== undefined) {
    const { errorType, errorMessage, trace } = describe(error);
    Object.assign(entry, { errorType, errorMessage, stackTrace: trace });
  }
  try {
    return `${JSON.stringify(entry, withMembers)}\n`;
  } catch {
    return `${JSON.stringify({ ...entry, message: format(...values) }, withMembers)}\n`;
  }
}

/** Replaces the methods of the global console. */
export function patchConsole() {
  const line = isJson ? jsonLine : textLine;
  const lowest = isJson ? Math.max(LEVELS.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL ?? '').toUpperCase()), 0) : 0;
  for (const [method, level] of Object.entries(METHODS)) {
    const silent = LEVELS.indexOf(level) < lowest;
    console[method] = silent ? () => {} : (...values) => void process.stdout.write(line(level, values));
  }
}

/** Logs an error that ends an invocation or the process. */
export function logError(title, error) {
  if (isJson) {
    console.error(error);
    return;
  }
  let text;
  try {
    text = JSON.stringify(error instanceof Error ? error : new Error(error), withMembers);
  } catch {
    text = JSON.stringify(describe(error));
  }
  console.error(title, `\t${text}`);
}

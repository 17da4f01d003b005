/** Errors of the runtime itself, and how any error looks in an answer and in the log. */
import { types } from 'node:util';

function runtimeError(name) {
  return class extends Error {
    get name() {
      return `Runtime.${name}`;
    }
  };
}

export const ImportModuleError = runtimeError('ImportModuleError');
export const HandlerNotFound = runtimeError('HandlerNotFound');
export const MalformedHandlerName = runtimeError('MalformedHandlerName');
export const UserCodeSyntaxError = runtimeError('UserCodeSyntaxError');
export const MalformedStreamingHandler = runtimeError('MalformedStreamingHandler');
export const InvalidStreamingOperation = runtimeError('InvalidStreamingOperation');

export const CallbackHandlerDeprecated = runtimeError('CallbackHandlerDeprecated');

export class NodeJsExit extends runtimeError('NodeJsExit') {
  constructor() {
    super(
      'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise ' +
        'that never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#process_exit_codes',
    );
  }
}

export class UnhandledPromiseRejection extends runtimeError('UnhandledPromiseRejection') {
  constructor(reason, promise) {
    super(reason);
    this.reason = reason;
    this.promise = promise;
  }
}

const looksLikeError = (value) =>
  types.isNativeError(value) ||
  (typeof value?.name === 'string' && typeof value?.message === 'string' && typeof value?.stack === 'string');

/** The error object of an answer; anything can be thrown, so anything is accepted. */
export function describe(error) {
  try {
    if (looksLikeError(error)) {
      return { errorType: error.name, errorMessage: error.message, trace: error.stack.split('\n') };
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    };
  }
}

/** An error with its own members, for JSON: a plain Error would become {}. */
export function withMembers(_key, value) {
  if (!(value instanceof Error)) return value;
  const members = { errorType: value.name, errorMessage: value.message, code: value.code, ...value };
  if (typeof value.stack === 'string') members.stack = value.stack.split('\n');
  return members;
}

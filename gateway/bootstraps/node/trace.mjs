/** `_X_AMZN_TRACE_ID`: the trace of the present invocation. */
const NAME = '_X_AMZN_TRACE_ID';

/**
 * Makes what gives the variable a value; without one it is removed.
 *
 * The C library keeps every value that a variable ever had, some 160 bytes for each invocation. So after `kept` of them
 * the values that follow live in front of the environment, where handlers, the libraries that they use and the processes
 * that they start read them; not from the first one on, since then `console.log(process.env)` would not show them.
 */
export function traceVariable(kept = 10_000) {
  const real = process.env;
  let left = kept;
  let last = '';
  let current;

  const shown = {
    get: (target, name) => (name === NAME && target[NAME] !== undefined ? current : target[name]),
    set(target, name, value) {
      target[name] = value;
      if (name === NAME) current = target[NAME];
      return true;
    },
  };

  return (value) => {
    if (value === undefined) delete real[NAME];
    else if (left > 0) {
      left -= 1;
      last = real[NAME] = value;
      // A handler that has put an object of its own there keeps it.
      if (left === 0 && process.env === real) process.env = new Proxy(real, shown);
      current = value;
    } else {
      current = value;
      if (real[NAME] === undefined) real[NAME] = last; // a value that is kept already
    }
  };
}

/**
 * Finds the handler: `folder/file.member.member`.
 *
 * Tried in this order: the file as it is, `.js` (CommonJS, or ESM where the nearest package.json says
 * "type": "module"), `.mjs`, `.cjs`, and at last Node.js's own resolution from the task root.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { takesCallbacks } from './callbacks.mjs';
import { HandlerNotFound, ImportModuleError, MalformedHandlerName, UserCodeSyntaxError } from './errors.mjs';
import { HttpResponseStream, streamifyResponse } from './streaming.mjs';

const require = createRequire(import.meta.url);

/** Whether `.js` files of a folder are ES modules. */
function isModuleFolder(folder) {
  if (basename(folder) === 'node_modules') return false;
  const file = join(folder, 'package.json');
  if (existsSync(file)) {
    try {
      return JSON.parse(readFileSync(file, 'utf8'))?.type === 'module';
    } catch (error) {
      console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  const parent = dirname(folder);
  return parent === folder ? false : isModuleFolder(parent);
}

async function load(root, path) {
  const file = resolve(root, path);
  const esm = (name) => import(pathToFileURL(name).href);
  const js = isModuleFolder(dirname(file)) ? esm : require;
  const ways = [
    ['', require],
    ['.js', js],
    ['.mjs', esm],
    ['.cjs', require],
  ];
  for (const [extension, read] of ways) {
    if (existsSync(file + extension)) return read(file + extension);
  }
  return require(require.resolve(path, { paths: [root] }));
}

async function loadModule(root, path) {
  try {
    return await load(root, path);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserCodeSyntaxError(error);
    if (error?.code === 'MODULE_NOT_FOUND') throw new ImportModuleError(error);
    throw error;
  }
}

/** Loads the module and returns the handler; throws the runtime's errors with AWS's wording. */
export async function loadHandler(root, name) {
  globalThis.awslambda = { streamifyResponse, HttpResponseStream };
  if (name.includes('..')) {
    throw new MalformedHandlerName(
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const last = basename(name);
  const dot = last.indexOf('.');
  if (dot < 0) throw new MalformedHandlerName('Bad handler');
  const module = await loadModule(root, join(dirname(name), last.slice(0, dot)));
  const members = last.slice(dot + 1).split('.');
  const within = (exports) => members.reduce((value, member) => value?.[member], exports);
  const handler = within(module) || (takesCallbacks() ? undefined : within(module?.default));
  if (!handler) throw new HandlerNotFound(`${name} is undefined or not exported`);
  if (typeof handler !== 'function') throw new HandlerNotFound(`${name} is not a function`);
  return handler;
}

/**
 * Packages of layers for ES modules: Node.js itself looks into the folders of `NODE_PATH` for `require` alone.
 *
 * Where such a folder exists, an `import` that finds no package goes on in them.  This file is also the hook that older
 * versions of Node.js run in a thread of its own.
 */
import { existsSync } from 'node:fs';
import * as modules from 'node:module';
import { basename, delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

let folders = [];

/** Begins to look there; `path` is what NODE_PATH has. */
export function lookInto(path = process.env.NODE_PATH ?? '') {
  folders = path.split(delimiter).filter((folder) => basename(folder) === 'node_modules' && existsSync(folder));
  if (folders.length === 0) return;
  if (modules.registerHooks) modules.registerHooks({ resolve: resolveNow });
  else modules.register?.(import.meta.url, { data: folders });
}

/** Where to look for a package that the importing file does not see; nowhere for anything else. */
function* places(specifier, context, error) {
  const isPackage = !/^([./#]|[a-z][a-z0-9+.-]+:)/i.test(specifier);
  if (error?.code !== 'ERR_MODULE_NOT_FOUND' || !isPackage) return;
  for (const folder of folders) yield { ...context, parentURL: pathToFileURL(join(dirname(folder), '-')).href };
}

function resolveNow(specifier, context, next) {
  try {
    return next(specifier, context);
  } catch (error) {
    for (const place of places(specifier, context, error)) {
      try {
        return next(specifier, place);
      } catch {
        // it may be in the next one
      }
    }
    throw error;
  }
}

export function initialize(given) {
  folders = given;
}

export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    for (const place of places(specifier, context, error)) {
      try {
        return await next(specifier, place);
      } catch {
        // it may be in the next one
      }
    }
    throw error;
  }
}

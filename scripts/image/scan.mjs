// Looks for what no image should hold, in a folder of what a build made.
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const packageFolder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/[^/]+|[^@./][^/]*)$/;
const testFile = /\.(spec|test)\.[cm]?js(\.map)?$/;
const testFolder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+\/(tests?|__tests__)$/;
const ownTestCode =
  /^dist\/(libs\/testing|test)(\/|$)|^dist\/.*\/(test|testing|contract-suite)(\/|$)|^dist\/.*\.(spec|fixture|types)\.js/;
const secretFile = /(^|\/)(\.env(\..*)?|\.npmrc|id_[a-z0-9]+|[^/]*\.(key|pem|p12|pfx|jks))$/;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{64}/;
const maxRead = 2 * 1024 * 1024;

/**
 * What is wrong with the tree of the application below `app`, each as a sentence. `lock` is package-lock.json.
 */
export function problemsOf(app, lock) {
  const problems = [];
  for (const { path, stat } of everythingBelow(app)) {
    const say = (what) => problems.push(`${path}: ${what}`);
    if (stat.isSymbolicLink()) continue;
    if (stat.uid !== 0 || (stat.mode & 0o022) !== 0)
      say('can be changed by another user than root');
    if (stat.isDirectory()) {
      const { dev, devOptional } = lock.packages[path] ?? {};
      if (packageFolder.test(path)) {
        if (dev || devOptional) say('is a dependency of development');
        if (!(path in lock.packages)) say('is not in package-lock.json');
      }
      if (testFolder.test(path)) say('holds tests of a package');
      if (ownTestCode.test(path)) say('is not run in production');
      continue;
    }
    if (testFile.test(path) || ownTestCode.test(path)) say('is a test');
    if (secretFile.test(path)) say('has the name of a secret');
    if (path.endsWith('.map')) problems.push(...sourceMapProblems(app, path));
    if (stat.size <= maxRead && privateKey.test(readFileSync(join(app, path), 'latin1')))
      say('holds a private key');
  }
  return problems;
}

function sourceMapProblems(app, path) {
  if (!path.startsWith('dist/')) return [`${path}: is a source map of others`];
  const { sources } = JSON.parse(readFileSync(join(app, path), 'utf8'));
  const foreign = sources.filter(
    (source) =>
      !/^(apps|libs|projections)\/.*\.ts$/.test(
        posix.join(posix.dirname(path).replace(/^dist\//, ''), source).replace(/^(\.\.\/)+/, ''),
      ),
  );
  return foreign.map((source) => `${path}: names a source that is not ours: ${source}`);
}

export function* everythingBelow(root, folder = '') {
  for (const name of readdirSync(join(root, folder))) {
    const path = posix.join(folder, name);
    const stat = lstatSync(join(root, path));
    yield { path, stat };
    if (stat.isDirectory()) yield* everythingBelow(root, path);
  }
}

/** In MiB, of what takes room on a disk. */
export function mebibytes(root) {
  let bytes = 0;
  for (const { stat } of everythingBelow(root)) if (stat.isFile()) bytes += stat.blocks * 512;
  return Math.round(bytes / 1_048_576);
}

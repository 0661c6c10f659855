import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const folders = ['apps', 'libs', 'projections', 'test'];
// What the linter is told, which tests read as well: it stays where it is.
const scripts = ['architecture.js', 'eslint.restricted.js'];
const cache = '.compiled';
const keptMs = 3 * 60 * 60 * 1_000;

/**
 * The current sources compiled, tests included: a folder like `dist` beside it, so that no test run
 * takes away what runs from there or from another run. Made once per state of the sources. Throws with
 * the compiler's output if they do not compile. Paths are relative to the working directory.
 */
export function compiled() {
  const sources = sourceFiles();
  const target = join(cache, fingerprint(sources));
  if (!existsSync(target)) compile(target, sources);
  return target;
}

function compile(target, sources) {
  mkdirSync(cache, { recursive: true });
  removeOld();
  const building = `${target}.${process.pid}`;
  const swc = spawnSync(
    process.execPath,
    [
      join('node_modules', '@swc', 'cli', 'bin', 'swc.js'),
      ...folders,
      ...['--config-file', '.swcrc', '--extensions', '.ts', '--quiet', '--out-dir', building],
    ],
    { encoding: 'utf8' },
  );
  if (swc.status !== 0) throw new Error(`The sources do not compile:\n${swc.stderr}${swc.stdout}`);
  for (const source of sources.filter((path) => path.endsWith('.sql'))) {
    cpSync(source, join(building, source));
  }
  for (const script of scripts) {
    const original = pathToFileURL(resolve(script)).href;
    writeFileSync(join(building, script), `export * from ${JSON.stringify(original)};`);
  }
  writeFileSync(join(building, 'package.json'), JSON.stringify(packageOfCompiled()));
  // Another run may have been quicker, with the same.
  if (existsSync(target)) rmSync(building, { recursive: true });
  else renameSync(building, target);
}

/** The aliases of package.json, pointing into the compiled tree itself. */
function packageOfCompiled() {
  const { name, version, imports } = JSON.parse(readFileSync('package.json', 'utf8'));
  const targets = Object.entries(imports).map(([alias, { default: path }]) => [
    alias,
    path.replace('./dist/', './'),
  ]);
  return { name, version, type: 'module', imports: Object.fromEntries(targets) };
}

function sourceFiles() {
  return folders
    .flatMap((folder) => readdirSync(folder, { recursive: true }).map((path) => join(folder, path)))
    .filter((path) => /\.(ts|sql)$/.test(path))
    .sort();
}

function fingerprint(sources) {
  const hash = createHash('sha256');
  for (const path of [...sources, 'package.json', '.swcrc']) {
    const { mtimeMs, size } = statSync(path);
    hash.update(`${path}:${mtimeMs}:${size}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

function removeOld() {
  for (const path of readdirSync(cache).map((entry) => join(cache, entry))) {
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > keptMs) rmSync(path, { recursive: true, force: true });
  }
}

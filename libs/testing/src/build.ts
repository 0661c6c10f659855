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
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { locked } from './run-folder.js';

/** The folder of package.json, from the sources as from a compiled tree. */
export const projectRoot = rootFrom(dirname(fileURLToPath(import.meta.url)));

const folders = ['apps', 'libs', 'projections', 'test'];
const cache = join(projectRoot, 'node_modules', '.cache', 'voltrace-dist');
const keptMs = 60 * 60 * 1_000;

/**
 * The current sources compiled, for tests that start our apps as processes: a folder like `dist`
 * (`<folder>/apps/event-node/main.js`), beside and not instead of it. Made once per state of the
 * sources, whichever worker asks first. Throws with the compiler's output if they do not compile.
 */
export async function compiled(): Promise<string> {
  const sources = sourceFiles();
  const target = join(cache, fingerprint(sources));
  if (existsSync(target)) return target;
  mkdirSync(cache, { recursive: true });
  return locked(`${target}.lock`, async () => {
    if (!existsSync(target)) compile(target, sources);
    return Promise.resolve(target);
  });
}

function compile(target: string, sources: readonly string[]): void {
  removeOld();
  const building = `${target}.building`;
  rmSync(building, { recursive: true, force: true });
  const swc = spawnSync(
    process.execPath,
    [
      join(projectRoot, 'node_modules', '@swc', 'cli', 'bin', 'swc.js'),
      ...folders.filter((folder) => existsSync(join(projectRoot, folder))),
      ...['--config-file', '.swcrc', '--extensions', '.ts', '--ignore', '**/*.spec.ts', '--quiet'],
      ...['--out-dir', building],
    ],
    { cwd: projectRoot, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  );
  if (swc.status !== 0) throw new Error(`The sources do not compile:\n${swc.stderr}${swc.stdout}`);
  for (const source of sources.filter((path) => path.endsWith('.sql'))) {
    cpSync(join(projectRoot, source), join(building, source), { recursive: true });
  }
  writeFileSync(join(building, 'package.json'), JSON.stringify(packageOfCompiled()));
  renameSync(building, target);
}

/** The aliases of package.json, pointing into the compiled tree itself. */
function packageOfCompiled(): object {
  const { name, version, imports } = JSON.parse(
    readFileSync(join(projectRoot, 'package.json'), 'utf8'),
  ) as {
    name: string;
    version: string;
    imports: Record<string, { default: string }>;
  };
  const targets = Object.entries(imports).map(([alias, { default: path }]) => [
    alias,
    path.replace('./dist/', './'),
  ]);
  return { name, version, type: 'module', imports: Object.fromEntries(targets) as unknown };
}

function sourceFiles(): string[] {
  return folders
    .map((folder) => join(projectRoot, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /(?<!\.spec)\.ts$|\.sql$/.test(entry.name))
    .map((entry) => relative(projectRoot, join(entry.parentPath, entry.name)))
    .sort();
}

function fingerprint(sources: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of [...sources, 'package.json', '.swcrc']) {
    const { mtimeMs, size } = statSync(join(projectRoot, path));
    hash.update(`${path}:${mtimeMs}:${size}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

function removeOld(): void {
  // A lock stays where it is: who holds it, this process too, would lose it.
  for (const entry of readdirSync(cache).filter((name) => !name.endsWith('.lock'))) {
    const path = join(cache, entry);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > keptMs) rmSync(path, { recursive: true, force: true });
  }
}

function rootFrom(folder: string): string {
  const found =
    existsSync(join(folder, 'package-lock.json')) || existsSync(join(folder, 'jest.config.js'));
  if (found || dirname(folder) === folder) return folder;
  return rootFrom(dirname(folder));
}

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ProjectionVersion } from '#read-store/schema-names.js';

/** Whose table is altered in the older build where no projection differs: one that the load reads. */
const altered = 'product-catalog';
const projectionFile = `projections/${altered}/${altered}.projection.ts`;
const tableFile = `projections/${altered}/table.sql`;

/** An older version of these sources, compiled in a folder of its own. */
export interface OlderBuild {
  readonly commit: string;
  readonly dist: string;
  /** Compiles it anew with another table of one projection, under the version before: that one. */
  alterTable(): ProjectionVersion;
  remove(): void;
}

/** Why there is none: no history here, as in a shallow clone or an unpacked archive. */
export class NoOlderCommit extends Error {
  override readonly name = 'NoOlderCommit';
}

/**
 * The build of an older commit, made in a temporary folder with the packages of this checkout where the
 * lock file is the same, else with its own. Throws `NoOlderCommit`.
 */
export const buildOf = (root: string, name: string): OlderBuild => {
  const commit = commitOf(root, name);
  const folder = mkdtempSync(join(tmpdir(), 'voltrace-older-'));
  try {
    unpack(root, commit, folder);
    const lock = (of: string): string => readFileSync(join(of, 'package-lock.json'), 'utf8');
    if (lock(folder) === lock(root)) {
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
      run('npm', ['run', 'build', '--silent'], folder);
    } else run('npm', ['ci', '--no-audit', '--no-fund'], folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    commit,
    dist: join(folder, 'dist'),
    alterTable: () => {
      const version = alterTable(folder);
      run('npm', ['run', 'build', '--silent'], folder);
      return version;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};

const commitOf = (root: string, name: string): string => {
  const git = ['rev-parse', '--verify', '--quiet', `${name}^{commit}`];
  const { status, stdout } = spawnSync('git', git, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new NoOlderCommit(`there is no commit ${name} in this checkout`);
  return stdout.trim();
};

const unpack = (root: string, commit: string, folder: string): void => {
  const archive = join(folder, 'sources.tar');
  run('git', ['archive', '--output', archive, commit], root);
  mkdirSync(folder, { recursive: true });
  run('tar', ['-xf', archive, '-C', folder], root);
  rmSync(archive);
};

const run = (program: string, words: readonly string[], cwd: string): void => {
  const { status, stdout, stderr } = spawnSync(program, words, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')} failed:\n${stdout}${stderr}`);
};

/** Lowers the version of a projection by one, and gives its table a column that it has no longer. */
const alterTable = (folder: string): ProjectionVersion => {
  const file = join(folder, projectionFile);
  const table = join(folder, tableFile);
  if (!existsSync(file) || !existsSync(table)) throw new Error(`the older build has no ${altered}`);
  const source = readFileSync(file, 'utf8');
  const version = Number(/^ {2}version: (\d+),$/m.exec(source)?.[1]);
  if (!(version > 1)) throw new Error(`${projectionFile} has no version above 1 to lower`);
  writeFileSync(file, source.replace(/^ {2}version: \d+,$/m, `  version: ${version - 1},`));
  const column = 'alter table products add column rehearsed text;';
  writeFileSync(table, `${readFileSync(table, 'utf8')}\n${column}\n`);
  return { name: altered, version: version - 1 };
};

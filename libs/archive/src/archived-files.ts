import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { writeDurably } from './chunk.js';
import { ArchiveDamaged, ArchiveRefused } from './damaged.js';
import type { FileEntry, Manifest } from './manifest.js';

/** Folders of the data folder in which files are kept as evidence, each under the SHA-256 of its content. */
const evidenceFolders = ['imports', 'cycler-files'];
const keptName = /^([0-9a-f]{64})\.[a-z0-9]{1,8}$/;

/** Copies the files that something has used into the archive, those that it holds already left out. */
export const exportFiles = async (
  folder: string,
  manifest: Manifest,
  dataDir: string,
): Promise<void> => {
  const known = new Set(manifest.of('file').map(({ file }) => file));
  for (const evidence of evidenceFolders) {
    // Uploads that nothing has used yet expire: they are no evidence of anything.
    const unused = new Set(await namesIn(join(dataDir, evidence, 'unused')));
    for (const name of await namesIn(join(dataDir, evidence))) {
      const [, sha256] = keptName.exec(name) ?? [];
      const file = `files/${evidence}/${name}`;
      if (sha256 === undefined || unused.has(sha256) || known.has(file)) continue;
      const source = join(dataDir, evidence, name);
      const copied = await copy(source, join(folder, file));
      if (copied.sha256 !== sha256)
        throw new ArchiveRefused(
          `${source} does not hold what its name says (SHA-256): restore it, or move it away`,
        );
      await manifest.append({ kind: 'file', file, ...copied });
    }
  }
};

/** Copies the archive's files to where they were kept; those that are there already are left. Throws `ArchiveDamaged`. */
export const importFiles = async (
  folder: string,
  files: readonly FileEntry[],
  dataDir: string,
): Promise<void> => {
  for (const { file, sha256, bytes } of files) {
    if (!file.includes(`/${sha256}.`))
      throw new ArchiveDamaged(file, 'its name is not the hash that the manifest has');
    const target = join(dataDir, file.slice('files/'.length));
    const found = await stat(target).catch(() => undefined);
    if (found?.size === bytes && (await hashOf(target)) === sha256) continue;
    const source = join(folder, file);
    if (!(await stat(source).catch(() => undefined))?.isFile())
      throw new ArchiveDamaged(file, 'it is missing');
    if ((await hashOf(source)) !== sha256)
      throw new ArchiveDamaged(file, 'its content is not what was written (SHA-256)');
    await copy(source, target);
  }
};

const namesIn = async (folder: string): Promise<readonly string[]> =>
  (
    await readdir(folder).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    })
  ).sort();

const hashOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
};

const copy = async (
  from: string,
  path: string,
): Promise<{ readonly sha256: string; readonly bytes: number }> => {
  const hash = createHash('sha256');
  let bytes = 0;
  await writeDurably(path, async (to) => {
    for await (const piece of createReadStream(from)) {
      hash.update(piece as Buffer);
      bytes += (piece as Buffer).length;
      await to.writeFile(piece as Buffer);
    }
  });
  return { sha256: hash.digest('hex'), bytes };
};

import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of `libs` and `projections`, from the sources as from a compiled tree. */
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** `000094_what_it_does.sql`: the number orders the migrations of all owners. */
const isMigration = (path: string): boolean => /^\d{6}_[a-z0-9_]+\.sql$/.test(basename(path));

/** In the order in which they are applied. */
export const inOrder = (paths: readonly string[]): string[] =>
  paths.filter(isMigration).sort((one, other) => (basename(one) < basename(other) ? -1 : 1));

/**
 * The migrations of every owner, in the order of their numbers: those of a library in `libs/<name>/migrations`, those of
 * a projection or consumer in `projections/<name>/migrations`.
 */
export const migrationFiles = async (): Promise<string[]> => {
  const paths = await Promise.all(
    ['libs', 'projections'].map(async (folder) => {
      const owners = await readdir(join(root, folder), { withFileTypes: true });
      const folders = owners
        .filter((owner) => owner.isDirectory())
        .map(({ name }) => join(root, folder, name, 'migrations'));
      return Promise.all(folders.map(filesOf));
    }),
  );
  const files = inOrder(paths.flat(2));
  if (files.length === 0) throw new Error(`there are no migrations below ${root}`);
  return files;
};

const filesOf = async (folder: string): Promise<string[]> => {
  try {
    return (await readdir(folder)).map((file) => join(folder, file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};

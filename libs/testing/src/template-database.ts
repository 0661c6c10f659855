import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { asAdmin, createDatabase, type TestDatabase } from './embedded.js';
import { locked, runFolder } from './run-folder.js';

export interface Template {
  /** Names the template together with `version`; the same pair is prepared once per test run. */
  readonly name: string;
  readonly version?: string;
  /** Brings an empty database into shape and closes its connections. */
  readonly prepare: (url: string) => Promise<void>;
}

/** A database of one's own in some tens of milliseconds: a copy of one that was prepared once. */
export async function databaseFrom(template: Template): Promise<TestDatabase> {
  const key = createHash('sha256')
    .update(`${template.name}:${template.version ?? ''}`)
    .digest('hex')
    .slice(0, 12);
  const name = `template_${key}`;
  return locked(join(runFolder(), `${name}.lock`), async () => {
    if (!(await exists(name))) await prepared(name, template);
    return createDatabase(name);
  });
}

/** Under another name until it is ready: a preparation that fails leaves no half template. */
async function prepared(name: string, template: Template): Promise<void> {
  const fresh = await createDatabase('template0');
  try {
    await template.prepare(fresh.url);
    await asAdmin((client) => client.query(`alter database ${fresh.name} rename to ${name}`));
  } catch (error) {
    await fresh.drop();
    throw error;
  }
}

async function exists(name: string): Promise<boolean> {
  const found = await asAdmin((client) =>
    client.query('select from pg_database where datname = $1', [name]),
  );
  return found.rowCount === 1;
}

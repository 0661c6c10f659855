import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { EventLog } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import type { States } from '#event-log/states.js';
import type { Role } from '#kernel/event.js';
import { contentIdOf } from '#kernel/ids.js';

import { type ApiKeyCommand, IssueApiKey } from './commands.js';
import type { ApiKeyState } from './decider.js';
import type { ApiKeyEvent } from './events.js';
import {
  type KeyText,
  keyText,
  newSecret,
  parseKeyText,
  secretHash,
  secretMatches,
} from './secret.js';

const adminRoles: readonly Role[] = ['admin'];

export interface AdminKey {
  readonly id: string;
  /** usable: the key opens the API. revoked: somebody revoked it. foreign: the log holds another secret for its id. */
  readonly status: 'usable' | 'revoked' | 'foreign';
}

/** The file of the admin key holds something else. */
export class AdminKeyUnreadable extends Error {
  override readonly name = 'AdminKeyUnreadable';
}

/**
 * Makes sure that the file holds an admin key and that the log knows it.
 *
 * The file (mode 600) comes first, then `ApiKeyIssued`: a crash in between leaves a key that the next
 * start announces. Two processes that start at once agree on one file. A key that was revoked stays
 * revoked: remove the file to get another one. Throws `AdminKeyUnreadable`, and what the log throws.
 */
export const ensureAdminKey = async (
  log: EventLog,
  keys: States<ApiKeyState, ApiKeyCommand, ApiKeyEvent>,
  file: string,
): Promise<AdminKey> => {
  const key = (await readKey(file)) ?? (await createKey(file));
  const { id, secret } = key;
  const folded = await keys.refresh(id);
  const { state } =
    folded.state.status === 'none' ? await handleCommand(log, keys, id, issue(key)) : folded;
  if (state.status === 'none' || !secretMatches(secret, state.secretSha256)) {
    return { id, status: 'foreign' };
  }
  return { id, status: state.status === 'active' ? 'usable' : 'revoked' };
};

const issue = ({ id, secret }: KeyText): IssueApiKey => {
  const commandId = contentIdOf('admin-key', id);
  return new IssueApiKey(
    { name: 'first admin', roles: adminRoles, expiresAt: null },
    secretHash(secret),
    {
      commandId,
      correlationId: commandId,
      actor: { id: 'bootstrap', kind: 'system', roles: [] },
      source: 'process',
      occurredAt: new Date().toISOString(),
      reason: 'first start on this data folder',
    },
  );
};

const readKey = async (file: string): Promise<KeyText | undefined> => {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const key = parseKeyText(text.trim());
  if (key) return key;
  throw new AdminKeyUnreadable(
    `${file} holds no API key: restore it, or remove it to have a new admin key made`,
  );
};

/** Whole or not at all, and never over another's: the content is on disk before the name exists. */
const createKey = async (file: string): Promise<KeyText> => {
  const key = { id: randomUUID(), secret: newSecret() };
  const draft = `${file}.${randomUUID()}.tmp`;
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeSynced(draft, `${keyText(key)}\n`);
    await publish(draft, file);
    await syncFolder(dirname(file));
  } finally {
    await rm(draft, { force: true });
  }
  // Another process may have been first: its key counts.
  return (await readKey(file)) ?? key;
};

const writeSynced = async (path: string, content: string): Promise<void> => {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** A link, unlike a rename, never replaces a file; some file systems have no links. */
const publish = async (draft: string, file: string): Promise<void> => {
  try {
    await link(draft, file);
  } catch (error) {
    if (isCode(error, 'EEXIST')) return;
    await rename(draft, file);
  }
};

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch {
    // Not every system syncs folders.
  } finally {
    await handle.close();
  }
};

const isCode = (error: unknown, code: string): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === code;

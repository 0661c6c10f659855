import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { createPrivateFile, readSecretFile } from '#embedded/files.js';
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
 * revoked: remove the file to get another one. Throws `AdminKeyUnreadable`, `NeedsOperator` for a file
 * that others may read or write, and what the log throws.
 */
export const ensureAdminKey = async (
  log: EventLog,
  keys: States<ApiKeyState, ApiKeyCommand, ApiKeyEvent>,
  file: string,
): Promise<AdminKey> => {
  const key = readKey(file) ?? createKey(file);
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

/** Of the mode: nobody else may read or write what opens everything. */
const closed = 0o077;

const readKey = (file: string): KeyText | undefined => {
  const text = readSecretFile(file, closed);
  if (text === undefined) return undefined;
  const key = parseKeyText(text.trim());
  if (key) return key;
  throw new AdminKeyUnreadable(
    `${file} holds no API key: restore it, or remove it to have a new admin key made`,
  );
};

const createKey = (file: string): KeyText => {
  const key = { id: randomUUID(), secret: newSecret() };
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  createPrivateFile(file, `${keyText(key)}\n`);
  // Another process may have been first: its key counts.
  return readKey(file) ?? key;
};

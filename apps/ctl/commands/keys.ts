import type { Command } from 'commander';

import { contextOf, segment } from '../context.js';
import { defaultLimit, listRows } from '../list-rows.js';
import { printFields, printJson, printTable, write } from '../output.js';

interface CreatedKey {
  readonly id: string;
  readonly key?: string;
  readonly note?: string;
}

interface KeyView {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly status: string;
  readonly expiresAt: string | null;
  readonly revision: number;
}

interface ListedKey extends KeyView {
  readonly issuedAt: string;
  readonly issuedBy: string;
}

export function addKeyCommands(voltrace: Command): void {
  const keys = voltrace.command('keys').description('API keys');
  keys
    .command('create')
    .description('issue a key; it is shown once')
    .argument('<name>', 'what the key is for')
    .requiredOption(
      '--role <roles...>',
      'viewer, curator, engineer, operator, auditor, admin, device, service',
    )
    .option('--expires <time>', 'ISO 8601 with zone, such as 2027-01-01T00:00:00Z')
    .requiredOption('--reason <text>', 'why; kept with the event')
    .action(create);
  keys
    .command('revoke')
    .description('close a key, at once and for good')
    .argument('<id>')
    .requiredOption('--reason <text>', 'why; kept with the event')
    .action(revoke);
  keys
    .command('list')
    .description('which keys there are, the newest first')
    .option('--status <status>', 'active or revoked')
    .option('--limit <n>', `rows at most (${String(defaultLimit)} unless given)`)
    .action(list);
  keys.command('show').description('what a key may do').argument('<id>').action(show);
}

async function create(
  name: string,
  options: { role: string[]; expires?: string; reason: string },
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const made = await api.post<CreatedKey>('/v1/api-keys', {
    name,
    roles: options.role.flatMap((role) => role.split(',')),
    reason: options.reason,
    ...(options.expires !== undefined && { expiresAt: options.expires }),
  });
  if (json) return printJson(made);
  await write(`Key ${made.id}:\n${made.key ?? made.note ?? ''}\n`);
  if (made.key !== undefined)
    process.stderr.write('It is shown this once. Keep it in a file that only you can read.\n');
}

async function revoke(id: string, options: { reason: string }, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const done = await api.post<object>(`/v1/api-keys/${segment(id)}/revoke`, {
    reason: options.reason,
  });
  await (json ? printJson(done) : write(`Key ${id} is revoked.\n`));
}

async function show(id: string, _options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const key = await api.get<KeyView>(`/v1/api-keys/${segment(id)}`);
  if (json) return printJson(key);
  await printFields({ ...key, roles: key.roles.join(', ') });
}

async function list(options: { status?: string; limit?: string }, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  await listRows<ListedKey>(
    api,
    {
      ...{ path: '/v1/api-keys', query: { status: options.status }, json },
      print: (items) =>
        printTable(
          ['id', 'name', 'roles', 'status', 'expires', 'issued', 'by'],
          items.map((key) => [
            ...[key.id, key.name, key.roles.join(', '), key.status, key.expiresAt ?? 'never'],
            ...[key.issuedAt, key.issuedBy],
          ]),
        ),
    },
    options,
  );
}

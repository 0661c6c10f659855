import type { Command } from 'commander';

import { contextOf, segment } from '../context.js';
import { CommandFailure, exitCodes } from '../exit-codes.js';
import { limitOption, listRows } from '../list-rows.js';
import { deviceHelp, deviceIdOf } from '../named.js';
import { counted, inBrief, printFields, printJson, printTable, shown, write } from '../output.js';
import { addHistory } from './history.js';

interface Problem {
  readonly pointer: string;
  readonly reason: string;
}

interface Quarantined {
  readonly id: string;
  readonly deviceId: string;
  readonly way: string;
  readonly topic: string | null;
  readonly state: string;
  readonly problems: readonly Problem[];
  readonly quarantinedAt: string;
  readonly bytes: number;
}

type Whole = Quarantined & { readonly text: string; readonly content: string };

export function addQuarantineCommands(voltrace: Command): void {
  const quarantine = voltrace
    .command('quarantine')
    .description('what devices sent and could not be taken');
  quarantine
    .command('list', { isDefault: true })
    .description('which messages there are, the newest first')
    .option('--device <device>', `those of one device: ${deviceHelp}`)
    .option('--state <state>', 'waiting, replayed or discarded')
    .option('--reason <part>', 'those with this in a reason')
    .option('--from <time>', 'that came then or later, ISO 8601 with zone')
    .option('--to <time>', 'that came then or before, ISO 8601 with zone')
    .option(...limitOption)
    .action(list);
  quarantine
    .command('show')
    .description('one message, with what is wrong and its text')
    .argument('<id>')
    .action(show);
  quarantine
    .command('replay')
    .description('take messages again, after what was wrong is right')
    .argument('<id...>')
    .option('--reason <text>', 'why; kept with the event')
    .action(replay);
  quarantine
    .command('discard')
    .description('give a message up')
    .argument('<id>')
    .requiredOption('--reason <text>', 'why; kept with the event')
    .action(discard);
  addHistory(quarantine, ['<id>'], (_, id) => Promise.resolve(`/v1/quarantine/${segment(id)}`));
}

interface ListOptions {
  readonly device?: string;
  readonly state?: string;
  readonly reason?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: string;
}

async function list({ device, limit, ...filter }: ListOptions, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const print = (items: readonly Quarantined[]) =>
    printTable(
      ['id', 'device', 'came at', 'topic', 'bytes', 'state', 'reason'],
      items.map((item) => [
        ...[item.id, item.deviceId, item.quarantinedAt, item.topic ?? `(samples, ${item.way})`],
        ...[item.bytes, item.state, item.problems[0] && problemText(item.problems[0])],
      ]),
    );
  const deviceId = device === undefined ? undefined : await deviceIdOf(api, device);
  const query = { deviceId, ...filter };
  return listRows<Quarantined>(api, { path: '/v1/quarantine', query, json, print }, { limit });
}

async function show(id: string, _options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const found = await api.get<Whole>(`/v1/quarantine/${segment(id)}`);
  if (json) return printJson(found);
  const { problems, text, content: _, ...fields } = found;
  await printFields(inBrief(fields));
  await write(`\n${problems.map((problem) => `wrong  ${shown(problemText(problem))}\n`).join('')}`);
  await write(`\n${shown(text)}\n`);
}

interface Replayed {
  readonly state: string;
  readonly problems: readonly Problem[];
}

async function replay(
  ids: readonly string[],
  { reason }: { readonly reason?: string },
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const answers: Replayed[] = [];
  for (const id of ids) {
    const answer = await api.post<Replayed>(`/v1/quarantine/${segment(id)}/replay`, { reason });
    answers.push(answer);
    if (json) continue;
    const [wrong] = answer.problems;
    await write(wrong ? `${id} waits on: ${shown(problemText(wrong))}\n` : `${id} was taken.\n`);
  }
  if (json) await printJson({ items: answers });
  const left = answers.filter(({ state }) => state === 'waiting').length;
  if (left > 0) {
    throw new CommandFailure(`${counted(left, 'message')} could not be taken.`, exitCodes.failed);
  }
}

async function discard(
  id: string,
  { reason }: { readonly reason: string },
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const done = await api.post<object>(`/v1/quarantine/${segment(id)}/discard`, { reason });
  await (json ? printJson(done) : write(`${id} is discarded.\n`));
}

const problemText = ({ pointer, reason }: Problem): string =>
  pointer === '' ? reason : `${pointer}: ${reason}`;

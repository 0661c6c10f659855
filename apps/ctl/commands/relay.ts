import type { Command } from 'commander';

import type { ApiClient } from '../client.js';
import { answerTo, confirmed } from '../confirm.js';
import { contextOf } from '../context.js';
import { CommandFailure, exitCodes } from '../exit-codes.js';
import { printFields, printJson, write } from '../output.js';
import { notYet, pollUntil } from '../subscription-control.js';

interface Relay {
  readonly state: string;
  readonly since: string | null;
  readonly reason: string | null;
  readonly position: string | null;
  readonly pending: number | null;
  readonly lagSeconds: number | null;
  readonly published: number;
  readonly publishedAt: string | null;
  readonly notedAt: string | null;
  readonly paused: {
    readonly by: string;
    readonly reason: string | null;
    readonly at: string;
  } | null;
}

export function addRelayCommands(voltrace: Command): void {
  const relay = voltrace.command('relay').description('what publishes the log to Kafka');
  relay.command('status', { isDefault: true }).description('how it stands').action(status);
  relay
    .command('pause')
    .description('have it stand still, also over restarts')
    .option('--reason <text>', 'why; kept with the event that says so')
    .option('--no-wait', 'do not wait until it does')
    .action((options: AskOptions, command: Command) => ask('pause', options, command));
  relay
    .command('resume')
    .description('have it go on where it stands')
    .option('--reason <text>', 'why; kept with the event that says so')
    .option('--no-wait', 'do not wait until it does')
    .action((options: AskOptions, command: Command) => ask('resume', options, command));
  relay
    .command('reset')
    .description('have a topic completed from what it holds, after Kafka lost something')
    .argument('<topic>', 'such as voltrace.product-registry.v1')
    .option('--reason <text>', 'why; kept with the event that says so')
    .option('--yes', 'do not ask')
    .action(reset);
}

function relayNow(api: ApiClient): Promise<Relay> {
  return api.get<Relay>('/v1/fanout/relay');
}

async function status(_options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const relay = await relayNow(api);
  if (json) return printJson(relay);
  await printFields({
    state: relay.state,
    since: relay.since,
    reason: relay.reason,
    'published through': relay.position,
    'not published yet': relay.pending ?? (relay.state === 'absent' ? null : 'too many to count'),
    'lag in seconds': relay.lagSeconds,
    'published since it began': relay.published,
    'last published': relay.publishedAt,
    'last sign of life': relay.notedAt,
    paused: relay.paused && pausedBy(relay.paused),
  });
}

function pausedBy({ by, at, reason }: NonNullable<Relay['paused']>): string {
  return `by ${by} at ${at}: ${reason ?? 'no reason given'}`;
}

interface AskOptions {
  readonly reason?: string;
  readonly wait: boolean;
}

async function ask(verb: 'pause' | 'resume', options: AskOptions, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const toPause = verb === 'pause';
  const reason =
    options.reason ?? (toPause ? await answerTo('Why? ', '--reason says why') : undefined);
  const { paused } = await relayNow(api);
  const requested = await api.post<object>(`/v1/fanout/relay/${verb}`, { reason });
  const isDone = ({ state }: Relay): boolean => (state === 'paused') === toPause;
  const relay = options.wait
    ? await pollUntil(
        () => relayNow(api),
        (seen) => isSilent(seen) || isDone(seen),
      )
    : await relayNow(api);
  if (json) return printJson({ ...requested, state: relay.state });
  if (toPause && paused) await write(`It was paused already, ${pausedBy(paused)}.\n`);
  if (!toPause && !paused) await write('It was not paused.\n');
  const isNews = toPause === (paused === null);
  await write(
    isNews && (isSilent(relay) || !isDone(relay))
      ? `That is recorded. ${later(relay)}`
      : `The relay is ${relay.state}${relay.reason === null ? '' : ` (${relay.reason})`}.\n`,
  );
}

/** No relay ever ran, or none does just now. */
function isSilent({ state }: Relay): boolean {
  return state === 'absent' || state === 'down';
}

function later({ state, reason }: Relay): string {
  return `${notYet({ name: 'The relay', state, reason })}\n`;
}

interface ResetOptions {
  readonly reason?: string;
  readonly yes?: boolean;
}

async function reset(topic: string, options: ResetOptions, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const reason =
    options.reason ??
    (await answerTo('Why? ', '--reason says why, and --yes goes on without asking'));
  const question = `Have the relay look for the last fact in each partition of ${topic}, and publish all that follows in the log?`;
  if (options.yes !== true && !(await confirmed(question))) {
    throw new CommandFailure('Nothing was changed.', exitCodes.failed);
  }
  const done = await api.post<object>('/v1/fanout/relay/reset', { topic, reason });
  if (json) return printJson(done);
  const relay = await relayNow(api);
  const what = isSilent(relay) ? later(relay) : 'voltrace relay shows how far it is.\n';
  await write(`The reset of ${topic} is recorded. ${what}`);
}

import { setTimeout as sleep } from 'node:timers/promises';

import { type Command, InvalidArgumentError } from 'commander';

import type { ApiClient } from '../client.js';
import { answerTo, confirmed } from '../confirm.js';
import { contextOf, segment } from '../context.js';
import { CommandFailure, exitCodes } from '../exit-codes.js';
import { type Cell, counted, printFields, printJson, printTable, write } from '../output.js';
import { progressBar } from '../progress.js';
import {
  type Answer,
  ask,
  type Build,
  printAnswer,
  type Subscription,
  subscriptionNamed,
} from '../subscription-control.js';
import { addBuildCommand } from './subscriptions-build.js';

export function addSubscriptionCommands(voltrace: Command): void {
  const subscriptions = voltrace
    .command('subscriptions')
    .description('whatever follows the log: projections, consumers, processes');
  subscriptions
    .command('list', { isDefault: true })
    .description('state, lag and parked events of each')
    .action(list);
  subscriptions
    .command('show')
    .description('one of them, with its checkpoints and builds')
    .argument('<name>')
    .action(show);
  addBuildCommand(subscriptions);
  const request = (verb: string, description: string): Command =>
    subscriptions
      .command(verb)
      .description(description)
      .argument('<name>')
      .option('--reason <text>', 'why; kept with the request')
      .option('--no-wait', 'do not wait until it is carried out');
  request('rebuild', 'build a projection anew beside the tables that are read, then switch').action(
    rebuild,
  );
  request('reset', 'have events delivered again to a consumer or process; shows what that means')
    .requiredOption('--to <position|start>', 'events after it are delivered again')
    .option('--yes', 'do not ask')
    .action(reset);
  request(
    'pause',
    'have it handle nothing until it is resumed; of a projection that is rebuilt, the new build',
  ).action((name: string, options: Options, command: Command) =>
    simply(name, 'pause', /paused/, options, command),
  );
  request('resume', 'have it go on where it was paused').action(
    (name: string, options: Options, command: Command) =>
      simply(name, 'resume', /resumed|paused/, options, command),
  );
  request('drop', 'drop the tables of a version that no projector runs any more')
    .argument('<version>', 'one of the other versions that show lists', wholeNumber)
    .action((name: string, version: number, options: Options, command: Command) =>
      simply(name, 'drop', /is dropped$/, options, command, { version }),
    );
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number from 1 on.');
}

async function list(_options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const answer = await api.get<{ items: Subscription[] }>('/v1/subscriptions');
  if (json) return printJson(answer);
  await printTable(
    ['name', 'kind', 'source', 'state', 'lag s', 'pending', 'parked', 'build', 'reason'],
    answer.items.map(({ name, kind, source, state, projection, reason, ...item }) => [
      ...[name, kind, source, state, item.lagSeconds, item.pending, item.parked],
      projection?.build && progressOf(projection.build),
      reason,
    ]),
  );
}

function progressOf({ build, state, percent }: Build): string {
  return `#${build} ${state}${percent === null ? '' : ` ${percent} %`}`;
}

async function show(name: string, _options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const subscription = await subscriptionNamed(api, name);
  if (json) return printJson(subscription);
  const { kind, source, state, reason, control, projection } = subscription;
  await printFields({
    ...{ name, kind, source, state, reason },
    'last sign of life': subscription.notedAt,
    'lag in seconds': subscription.lagSeconds,
    parked: subscription.parked,
    'last request': control && `${control.outcome} (${control.at})`,
    ...(projection && {
      'version of the running code': projection.version,
      'version that is read': projection.builtVersion,
    }),
  });
  await printTable(
    ['scope', 'partition', 'state', 'through', 'of', 'position', 'lag s', 'done', 'skipped'],
    subscription.partitions.map((item) => [
      ...[item.scope, item.partition, item.state, item.nextOffset, item.endOffset],
      ...[item.position, item.lagSeconds, item.done, item.skipped],
    ]),
  );
  const builds = [...(projection?.build ? [projection.build] : []), ...(projection?.others ?? [])];
  if (builds.length > 0)
    await printTable(['other builds', 'version', ...buildColumns], builds.map(buildRow));
}

const buildColumns = ['events', 'parked', 'error'];

function buildRow(build: Build): Cell[] {
  return [progressOf(build), build.version, build.events, build.parked, build.error];
}

interface Options {
  readonly reason?: string;
  readonly wait: boolean;
}

async function request(
  name: string,
  verb: string,
  success: RegExp,
  { reason, wait }: Options,
  command: Command,
  more: object = {},
): Promise<Answer> {
  const before = await subscriptionNamed(contextOf(command).api, name);
  const body = { ...more, ...(reason !== undefined && { reason }) };
  const path = `/v1/subscriptions/${segment(name)}/${verb}`;
  return ask(command, { path, body, wait, success, before });
}

async function simply(...parameters: Parameters<typeof request>): Promise<void> {
  await printAnswer(parameters[4], await request(...parameters));
}

async function rebuild(name: string, options: Options, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const answer = await request(name, 'rebuild', /is building$/, options, command);
  if (answer.outcome === null) return printAnswer(command, answer);
  const built = await untilBuilt(api, answer.subscription);
  if (json) return printJson(built);
  const { builtVersion = null, events = 0 } = built.projection ?? {};
  await write(`${name} is built: version ${builtVersion ?? 'unknown'}, ${events} events.\n`);
}

async function untilBuilt(api: ApiClient, subscription: Subscription): Promise<Subscription> {
  const { name } = subscription;
  const bar = progressBar(`rebuild ${name}`);
  try {
    for (let now = subscription; ; now = await subscriptionNamed(api, name)) {
      const build = now.projection?.build;
      if (!build) return now;
      const isDown = now.state === 'down';
      if (isDown || build.state !== 'building') {
        const state = isDown ? 'waits: no process runs it' : `is ${build.state}`;
        const why = build.error === null ? '' : `: ${build.error}`;
        const failure = `Build ${build.build} of ${name} ${state}${why}`;
        throw new CommandFailure(failure, exitCodes.failed);
      }
      bar.update(build.percent ?? 0, 100, `${build.events} events`);
      await sleep(pollMs);
    }
  } finally {
    bar.stop();
  }
}

const pollMs = 150;

interface ResetPreview {
  readonly events: number;
  readonly parked: number;
  readonly forgets: string | null;
}

interface ResetOptions extends Options {
  readonly to: string;
  readonly yes?: boolean;
}

async function reset(name: string, options: ResetOptions, command: Command): Promise<void> {
  const { api } = contextOf(command);
  const { to } = options;
  const path = `/v1/subscriptions/${segment(name)}/reset-preview`;
  process.stderr.write(meaningOf(name, to, await api.get<ResetPreview>(path, { to })));
  const instead = '--reason says why, and --yes goes on without asking';
  const reason = options.reason ?? (await answerTo('Why? ', instead));
  if (options.yes !== true && !(await confirmed(`Reset ${name}?`))) {
    throw new CommandFailure('Nothing was changed.', exitCodes.failed);
  }
  await simply(name, 'reset', /^reset /, { ...options, reason }, command, { to });
}

function meaningOf(name: string, to: string, { events, parked, forgets }: ResetPreview): string {
  const from = to === 'start' ? 'from the first one on' : `after position ${to}`;
  const lines = [`${counted(events, 'event')} will be delivered to ${name} again, ${from}.`];
  if (forgets !== null) lines.push(`It forgets ${forgets}.`);
  if (parked > 0)
    lines.push(`It forgets ${counted(parked, 'parked event')}: they are delivered again.`);
  return lines.map((line) => `${line}\n`).join('');
}

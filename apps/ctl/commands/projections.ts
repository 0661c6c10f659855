import { setTimeout as sleep } from 'node:timers/promises';

import { type Command, InvalidArgumentError } from 'commander';

import type { ApiClient } from '../client.js';
import { contextOf, segment } from '../context.js';
import { CommandFailure, exitCodes } from '../exit-codes.js';
import { printJson, printTable, write } from '../output.js';
import { progressBar } from '../progress.js';

interface Build {
  readonly build: number;
  readonly version: number;
  readonly state: string;
  readonly events: number;
  readonly percent: number | null;
  readonly parked: number;
  readonly error: string | null;
}

interface Projection {
  readonly name: string;
  readonly version: number | null;
  readonly builtVersion: number | null;
  readonly activeBuild: number | null;
  readonly state: string;
  readonly position: string | null;
  readonly events: number;
  readonly pending: number | null;
  readonly lagSeconds: number | null;
  readonly parked: number;
  readonly error: string | null;
  readonly build: Build | null;
  readonly others: readonly Build[];
}

const pollMs = 150;

export function addProjectionCommands(voltrace: Command): void {
  const projections = voltrace.command('projections').description('read models');
  projections
    .command('status', { isDefault: true })
    .description('how each read model stands')
    .action(status);
  for (const [verb, description] of [
    ['build', 'build, or go on building, what the running version needs'],
    ['rebuild', 'build anew beside the tables that are read, then switch'],
    ['stop', 'pause a build; build or rebuild goes on with it'],
  ] as const) {
    const command = projections.command(verb).description(description).argument('<name>');
    command.option('--reason <text>', 'why; kept with the request');
    if (verb !== 'stop') command.option('--no-wait', 'do not wait until it is done');
    command.action((name: string, options: AskOptions) => ask(verb, name, options, command));
  }
  const drop = projections
    .command('drop')
    .description('drop the tables of a version that no projector runs any more')
    .argument('<name>')
    .argument('<version>', 'one of the other versions that the status shows', wholeNumber)
    .option('--reason <text>', 'why; kept with the request');
  drop.action((name: string, version: number, { reason }: AskOptions) =>
    askToDrop(drop, name, { version, ...(reason !== undefined && { reason }) }),
  );
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number from 1 on.');
}

async function askToDrop(
  command: Command,
  name: string,
  body: { readonly version: number; readonly reason?: string },
): Promise<void> {
  const { api, json } = contextOf(command);
  const answer = await api.post<object>(`/v1/projections/${segment(name)}/drop`, body);
  return json
    ? printJson(answer)
    : write(
        `Requested: version ${String(body.version)} of ${name} is dropped unless a projector runs it. voltrace projections shows what is left.\n`,
      );
}

async function status(_options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const answer = await api.get<{ items: Projection[] }>('/v1/projections');
  if (json) return printJson(answer);
  await printTable(
    [
      'projection',
      'state',
      'version',
      'events',
      'pending',
      'lag s',
      'parked',
      'build',
      'others',
      'error',
    ],
    answer.items.map((item) => [
      item.name,
      item.state,
      versions(item),
      item.events,
      item.pending,
      item.lagSeconds,
      item.parked,
      item.build ? `#${item.build.build} ${item.build.state} ${percentOf(item.build)}` : '',
      item.others.map(({ version, state }) => `${version} ${state}`).join(', '),
      item.error ?? item.build?.error,
    ]),
  );
}

function versions({ version, builtVersion }: Projection): string {
  return version === builtVersion
    ? String(version)
    : `${builtVersion ?? 'none'} (needs ${version ?? 'unknown'})`;
}

function percentOf({ percent }: Build): string {
  return percent === null ? '' : `${percent} %`;
}

interface AskOptions {
  readonly reason?: string;
  readonly wait?: boolean;
}

async function ask(
  verb: string,
  name: string,
  options: AskOptions,
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const body = options.reason === undefined ? {} : { reason: options.reason };
  const before = options.wait === true ? await find(api, name) : undefined;
  const answer = await api.post<object>(`/v1/projections/${segment(name)}/${verb}`, body);
  if (options.wait !== true) {
    return json
      ? printJson(answer)
      : write(`Requested: ${verb} of ${name}. voltrace projections shows the progress.\n`);
  }
  const after = await waitForBuild(api, name, verb, before?.activeBuild ?? null);
  if (after === undefined) {
    return write(
      `No build of ${name} was seen: there was nothing to do, or no projector runs. voltrace projections shows how it stands.\n`,
    );
  }
  await (json
    ? printJson(after)
    : write(
        `${name} is built: version ${after.builtVersion ?? 'unknown'}, ${after.events} events.\n`,
      ));
}

async function find(api: ApiClient, name: string): Promise<Projection | undefined> {
  const { items } = await api.get<{ items: Projection[] }>('/v1/projections');
  return items.find((item) => item.name === name);
}

/** How long a requested build may take to show up before it is taken to be done already. */
const quietMs = 10_000;

async function waitForBuild(
  api: ApiClient,
  name: string,
  verb: string,
  activeBefore: number | null,
): Promise<Projection | undefined> {
  const bar = progressBar(`${verb} ${name}`);
  const startedAt = performance.now();
  const isQuiet = (): boolean => performance.now() - startedAt > quietMs;
  let running = false;
  try {
    for (;;) {
      const now = await find(api, name);
      if (!now) throw new CommandFailure(`${name} is gone`, exitCodes.failed);
      const { build } = now;
      // What was built from another log gives way to a build from this one.
      const givesWay = build?.state === 'log-replaced' && !isQuiet();
      if (build?.error && !givesWay)
        throw new CommandFailure(
          `Build ${build.build} of ${name} has stopped: ${build.error}`,
          exitCodes.failed,
        );
      if (build?.state === 'building') running = true;
      // One that was paused before goes on when a projector has seen the request.
      if (build && build.state !== 'building' && !givesWay && (running || isQuiet())) {
        throw new CommandFailure(
          `Build ${build.build} of ${name} is ${build.state}.`,
          exitCodes.failed,
        );
      }
      if (build) bar.update(build.percent ?? 0, 100, `${build.events} events`);
      // A small model may be built and switched to between two looks.
      if (!build && now.activeBuild !== activeBefore) return now;
      if (!build && isQuiet()) return undefined;
      await sleep(pollMs);
    }
  } finally {
    bar.stop();
  }
}

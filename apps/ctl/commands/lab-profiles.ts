import { readFileSync } from 'node:fs';
import { parse } from 'node:path';

import type { Command } from 'commander';

import type { Program } from '#cycling/program/program.js';

import { contextOf } from '../context.js';
import { CommandFailure, exitCodes, usage } from '../exit-codes.js';
import { printJson, printTable, shown, write } from '../output.js';
import { batteries } from './lab-batteries.js';
import { addKind, type Kind, onThing, thingIdOf } from './lab-reading.js';
import { devices, stations } from './lab-things.js';
import { jsonOf, listOf, post, reasonOption } from './post.js';

export const profiles: Kind = {
  ...{ word: 'profiles', about: 'programs that batteries are tested by', one: 'profile' },
  ...{ path: '/v1/profiles', namedBy: 'name', filters: ['name'] },
  columns: ['name', 'version', 'description'],
};

const textIn = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw usage(`${path} cannot be read: ${(error as Error).message}`);
  }
};

interface Drives {
  readonly drive?: readonly string[];
}

/** A program as a file has it: JSON, the old text form, or sentences. None: a drive cycle is all of it. */
const programIn = (path: string | undefined): object => {
  if (path === undefined) return {};
  const text = textIn(path);
  if (/^\s*\{/.test(text)) return { program: jsonOf(text) };
  return /^\s*(WAIT|CC|CV|CP)\s*,/i.test(text) ? { text } : { sentences: text };
};

/** Drive cycles that the program follows, each by the name of its file without its ending. */
const drivesIn = (paths: readonly string[] = []): object =>
  paths.length === 0
    ? {}
    : { drives: paths.map((path) => ({ name: parse(path).name, csv: textIn(path) })) };

const driveOption = [
  '--drive <file>',
  'drive cycles as CSV with a header such as time_s,current_a (or power_w, voltage_v): "Follow" them by the names of the files, or leave the program out; for each',
  listOf,
] as const;

/** `voltrace lab profiles ...` */
export const addLabProfiles = (lab: Command): void => {
  const group = addKind(lab, profiles);
  group
    .command('add')
    .description('define a profile')
    .argument('<name>')
    .argument('[file]', 'the program: JSON, lines such as "CC, 2.0, VOLTAGE, 4.2", or sentences')
    .option(...driveOption)
    .option('--description <text>')
    .option(...reasonOption)
    .action((name: string, file: string | undefined, options: Drives, command: Command) => {
      const { drive, ...rest } = options;
      if (file === undefined && !drive) throw usage('Name the file of a program, or --drive.');
      const body = { name, ...rest, ...programIn(file), ...drivesIn(drive) };
      return post(command, profiles.path, body, ({ id }) => `Profile ${id} is defined.`);
    });
  const revise = { name: 'revise', about: 'give a profile another program, as a new version' };
  onThing<Drives & { file?: string }>(group, profiles, revise, ({ file, drive, ...options }) => ({
    ...{ ...options, ...programIn(file), ...drivesIn(drive) },
  }))
    .option('--file <file>', 'the program')
    .option(...driveOption);
  group
    .command('program')
    .description('the program of a profile as JSON')
    .argument('<profile>', 'its id or name')
    .option('--version <number>', 'the last one unless given')
    .option('--sentences', 'as sentences, to be read')
    .action(program);
  group
    .command('check')
    .description('whether a profile fits a battery at a station; exits with 1 where it does not')
    .argument('<profile>', 'its id or name')
    .requiredOption('--battery <battery>', 'its id or serialNumber')
    .requiredOption('--station <station>', 'its id or name')
    .option('--version <number>', 'the last one unless given')
    .action(check);
};

async function program(
  given: string,
  { version, sentences }: { version?: string; sentences?: true },
  command: Command,
): Promise<void> {
  const { api } = contextOf(command);
  const path = `${profiles.path}/${await thingIdOf(api, profiles, given)}`;
  const print = async ({ program: found }: { readonly program: Program }): Promise<void> => {
    if (!sentences) return printJson(found);
    // What programs are described by takes as long to load as all else: only this waits for it.
    const { sentencesOf } = await import('#cycling/program/print-sentences.js');
    return write(`${sentencesOf(found)}\n`);
  };
  if (version === undefined) return print(await api.get(path));
  for await (const found of api.items<{ program: Program }>(`${path}/versions`, { version }, 1)) {
    return print(found);
  }
  throw new CommandFailure(`The profile has no version ${version}.`, exitCodes.failed);
}

interface Checked {
  readonly fits: boolean;
  readonly findings: readonly Readonly<
    Record<'pointer' | 'severity' | 'code' | 'message', string>
  >[];
  readonly estimate: { readonly totalS: number } | null;
  readonly notCalibrated: readonly string[];
}

interface CheckOptions {
  readonly battery: string;
  readonly station: string;
  readonly version?: string;
}

async function check(
  given: string,
  { battery, station, version }: CheckOptions,
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const path = `${profiles.path}/${await thingIdOf(api, profiles, given)}/check`;
  const found = await api.get<Checked>(path, {
    batteryId: await thingIdOf(api, batteries, battery),
    stationId: await thingIdOf(api, stations, station),
    version,
  });
  const { fits, findings, estimate, notCalibrated } = found;
  if (!fits) process.exitCode = exitCodes.failed;
  if (json) return printJson(found);
  const minutes = Math.round((estimate?.totalS ?? 0) / 60);
  const takes = `${String(Math.floor(minutes / 60))} h ${String(minutes % 60)} min`;
  await write(fits ? `It fits, and takes about ${takes}.\n` : 'It does not fit.\n');
  if (findings.length > 0) {
    await printTable(
      ['severity', 'where', 'what'],
      findings.map(({ severity, pointer, message }) => [severity, pointer, message]),
    );
  }
  for (const id of notCalibrated) {
    const device = await api.get<Readonly<Record<string, string>>>(`${devices.path}/${id}`);
    const called = [device['manufacturer'], device['model'], device['serialNumber']].join(' ');
    await write(shown(`The device ${called} is not calibrated today.`) + '\n');
  }
}

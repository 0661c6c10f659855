import type { Command } from 'commander';

import type { ApiClient } from '../client.js';
import { contextOf, segment } from '../context.js';
import { usage } from '../exit-codes.js';
import { defaultLimit, limitOption, listRows } from '../list-rows.js';
import { deviceHelp, deviceIdOf, siteIdOf, zoneOfDevice } from '../named.js';
import { printJson, printTable, write } from '../output.js';
import {
  printBuckets,
  printPlots,
  type ValueOptions,
  valueQuery,
  type Values,
  withValueOptions,
} from '../values.js';
import { numberOf, post, reasonOption } from './post.js';

interface Sample {
  readonly series: string;
  readonly at: string;
  readonly value: number | boolean | string;
  readonly quality: string;
}

interface Latest {
  readonly device: string;
  readonly series: string;
  readonly unit: string | null;
  readonly at: string;
  readonly value: number | boolean | string;
  readonly quality: string;
}

/** What is known of what devices measured, and how it is put right. */
export const addSamplesReading = (samples: Command): void => {
  withValueOptions(
    samples
      .command('show')
      .description('samples of a device; with --bucket what they come to')
      .argument('<device>', deviceHelp)
      .argument('<series>', 'names, separated by commas'),
  )
    .option('--limit <n>', `samples at most (${String(defaultLimit)} unless given)`)
    .option('--csv', 'all of it as CSV')
    .action(show);
  withValueOptions(
    samples
      .command('plot')
      .description('a picture of series of a device')
      .argument('<device>', deviceHelp)
      .argument('<series>', 'names, separated by commas'),
  ).action(plot);
  samples
    .command('latest')
    .description('the newest sample of each series')
    .argument('[device]', deviceHelp)
    .option('--site <site>', 'id or name: of its devices')
    .option(...limitOption)
    .action(latest);
  samples
    .command('correct')
    .description('say what a sample should have been; what was sent stays in the log')
    .argument('<device>', deviceHelp)
    .argument('<series>')
    .argument('<time>', 'ISO 8601 with zone')
    .argument(
      '<value>',
      'as JSON: a number, true or false, a "text"; null: there is no such sample',
    )
    .option('--quality <quality>', 'good, uncertain or bad')
    .requiredOption(...reasonOption)
    .action(correct);
  samples
    .command('retain')
    .description('set for how many days single samples of a series are kept')
    .argument('<device>', deviceHelp)
    .argument('<series>')
    .option('--days <days>', 'for ever unless given', numberOf)
    .requiredOption(...reasonOption)
    .action(command('set-retention', (series) => `The retention of ${series} is set.`));
  samples
    .command('expire')
    .description('drop single samples of a series for good; sums, means and extremes stay')
    .argument('<device>', deviceHelp)
    .argument('<series>')
    .requiredOption('--before <time>', 'ISO 8601 with zone')
    .requiredOption(...reasonOption)
    .action(command('expire-samples', (series) => `Single samples of ${series} are dropped.`));
};

const command =
  (verb: string, said: (series: string) => string) =>
  async (device: string, series: string, options: object, own: Command): Promise<void> => {
    const id = await deviceIdOf(contextOf(own).api, device);
    return post(own, `/v1/devices/${segment(id)}/${verb}`, { series, ...options }, () =>
      said(series),
    );
  };

async function correct(
  device: string,
  series: string,
  at: string,
  text: string,
  options: object,
  own: Command,
): Promise<void> {
  const id = await deviceIdOf(contextOf(own).api, device);
  const body = { series, at, value: valueOf(text), ...options };
  const path = `/v1/devices/${segment(id)}/correct-sample`;
  return post(own, path, body, () => `The sample of ${series} at ${at} is corrected.`);
}

const valueOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw usage(`"${text}" is no JSON; expected 1.2, true, "a text" or null.`);
  }
};

interface ShowOptions extends ValueOptions {
  readonly limit?: string;
  readonly csv?: boolean;
}

async function show(
  device: string,
  series: string,
  { limit, csv, ...options }: ShowOptions,
  own: Command,
): Promise<void> {
  const { api, json } = contextOf(own);
  const { path, query } = await wanted(api, device, series, options);
  if (options.bucket !== undefined && csv !== true) {
    const answer = await api.get<Bucketed>(path, query);
    return json ? printJson(answer) : printBuckets(valuesIn(answer));
  }
  const print = (items: readonly Sample[]) =>
    printTable(
      ['at', 'series', 'value', 'quality'],
      items.map((one) => [one.at, one.series, one.value, one.quality]),
    );
  return listRows<Sample>(api, { path, query, json, print }, { limit, csv });
}

const wanted = async (api: ApiClient, device: string, series: string, options: ValueOptions) => {
  const id = await deviceIdOf(api, device);
  const { tz, ...range } = await valueQuery(options, () => zoneOfDevice(api, id));
  return {
    path: `/v1/devices/${segment(id)}/samples`,
    query: { series, ...range, tz: range.bucket && tz },
  };
};

interface Bucketed {
  readonly timeZone: string;
  readonly functions: readonly string[];
  readonly series: readonly (Omit<Values, 'title'> & { readonly series: string })[];
}

const valuesIn = ({ series, timeZone, functions }: Bucketed): readonly Values[] =>
  series.map(({ series: title, ...one }) => ({ ...one, title, timeZone, functions }));

async function plot(
  device: string,
  series: string,
  options: ValueOptions,
  own: Command,
): Promise<void> {
  const { api, json } = contextOf(own);
  const asked = { bucket: '10m', fn: 'twa', ...options };
  const { path, query } = await wanted(api, device, series, asked);
  await printPlots(valuesIn(await api.get<Bucketed>(path, query)), json);
}

async function latest(
  device: string | undefined,
  { site, limit }: { readonly site?: string; readonly limit?: string },
  own: Command,
): Promise<void> {
  const { api, json } = contextOf(own);
  const { path, query } = await latestOf(api, device, site);
  const print = (items: readonly Latest[]) =>
    printTable(
      ['device', 'series', 'at', 'value', 'unit', 'quality'],
      items.map((one) => [one.device, one.series, one.at, one.value, one.unit, one.quality]),
    );
  await listRows<Latest>(api, { path, query, json, print }, { limit });
  if (!json && device === undefined && site === undefined)
    await write('A device, or --site, shows its series alone.\n');
}

const latestOf = async (api: ApiClient, device: string | undefined, site: string | undefined) => {
  if (device !== undefined)
    return { path: `/v1/devices/${segment(await deviceIdOf(api, device))}/latest`, query: {} };
  return {
    path: '/v1/latest',
    query: { site: site === undefined ? undefined : await siteIdOf(api, site) },
  };
};

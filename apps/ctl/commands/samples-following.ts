import type { Command } from 'commander';

import { contextOf, segment } from '../context.js';
import { follow } from '../live.js';
import { deviceHelp, deviceIdOf, zoneOfDevice } from '../named.js';
import { printJson, printTable, shown, write } from '../output.js';
import { valueQuery } from '../values.js';
import { numberOf } from './post.js';

interface Live {
  readonly samples: readonly {
    readonly series: string;
    readonly at: string;
    readonly value: number | boolean | string | null;
    readonly quality: string;
    readonly corrected?: boolean;
  }[];
}

interface Gaps {
  readonly series: readonly {
    readonly series: string;
    readonly isWhole: boolean;
    readonly gaps: readonly { readonly from: string; readonly to: string; readonly ms: number }[];
  }[];
}

interface GapOptions {
  readonly day?: string;
  readonly from?: string;
  readonly to?: string;
  readonly tz?: string;
  readonly longest?: number;
}

/** What comes now, and what did not come. */
export const addSamplesFollowing = (samples: Command): void => {
  samples
    .command('live')
    .description('show the samples of a device as they come, until interrupted')
    .argument('<device>', deviceHelp)
    .argument('[series]', 'names, separated by commas; all of the device unless given')
    .option('--from <position>', 'go on after this position of the log')
    .action(live);
  samples
    .command('gaps')
    .description('times in which series of a device have no samples')
    .argument('<device>', deviceHelp)
    .argument('<series>', 'names, separated by commas')
    .option(
      '--day <date>',
      'a day at the site, or in --tz, such as 2026-05-04; the last 24 hours unless given',
    )
    .option('--from <time>', 'ISO 8601 with zone')
    .option('--to <time>', 'ISO 8601 with zone; now unless given')
    .option('--tz <zone>', 'that of --day; that of the site unless given')
    .option(
      '--longest <ms>',
      'a longer time is a gap; one and a half of the expected interval unless given',
      numberOf,
    )
    .action(gaps);
};

async function live(
  device: string,
  series: string | undefined,
  { from }: { readonly from?: string },
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const path = `/v1/devices/${segment(await deviceIdOf(api, device))}/samples/live`;
  for await (const data of follow(api, path, { series }, from)) {
    if (json) {
      await write(`${data}\n`);
      continue;
    }
    for (const one of (JSON.parse(data) as Live).samples) {
      const notes = [one.quality === 'good' ? '' : one.quality, one.corrected ? 'corrected' : ''];
      const line = [one.at, one.series, one.value ?? '(none)', ...notes.filter(Boolean)];
      await write(`${shown(line.join('  '))}\n`);
    }
  }
}

async function gaps(
  device: string,
  series: string,
  { longest, ...options }: GapOptions,
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const id = await deviceIdOf(api, device);
  const { from, to } = await valueQuery(options, () => zoneOfDevice(api, id));
  const found = await api.get<Gaps>(`/v1/devices/${segment(id)}/gaps`, {
    ...{ series, from, to, longest },
  });
  if (json) return printJson(found);
  const rows = found.series.flatMap(({ series: name, gaps: all }) =>
    all.map((gap) => [name, gap.from, gap.to, gap.ms / 1_000]),
  );
  await printTable(['series', 'from', 'to', 'seconds'], rows);
  const cut = found.series.filter(({ isWhole }) => !isWhole).map(({ series: name }) => name);
  if (cut.length > 0)
    process.stderr.write(`There are more of ${cut.join(', ')}: a later --from shows them.\n`);
}

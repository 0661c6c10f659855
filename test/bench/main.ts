import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { benchArchive } from './archive.js';
import { benchCommand, commandRows } from './command/main.js';
import { benchFanout } from './fanout/main.js';
import { benchGrowth } from './growth.js';
import { benchHistory } from './history.js';
import { benchImport } from './import.js';
import { benchLab } from './lab.js';
import { benchMqtt } from './mqtt/main.js';
import { printRows, type Row } from './report.js';
import { benchSamples } from './samples.js';
import { benchVolume } from './volume.js';

/**
 * `npm run bench -- [--only command,history,growth,fanout,samples,mqtt] [--sizes 10000,100000]
 * [--rounds 5] [--seconds 5] [--warm 2500] [--rows register,set,get,list,history,import,idle] [--streams 0]
 * [--facts 50000] [--samples 400000] [--messages 20000]`, and `-- --only volume [--samples 10000000]`, which takes many minutes, or
 * `-- --only lab [--minutes 10]`: twenty stations in real time; `-- --only archive [--events 200000]`: an export and its import.
 * Every figure stands beside its peer of the same run; quote ratios, machines are noisy.
 */
const { values } = parseArgs({
  options: {
    only: {
      type: 'string',
      default: 'command,history,growth,fanout,samples,mqtt',
    },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    warm: { type: 'string', default: '2500' },
    rows: { type: 'string', default: commandRows.join(',') },
    sizes: { type: 'string', default: '10000,100000' },
    streams: { type: 'string', default: '0' },
    facts: { type: 'string', default: '50000' },
    samples: { type: 'string' },
    messages: { type: 'string', default: '20000' },
    events: { type: 'string', default: '200000' },
    minutes: { type: 'string', default: '2' },
  },
});

const dist = resolve('dist');
const parts: Readonly<Record<string, () => Promise<Row[]>>> = {
  command: () =>
    benchCommand(dist, {
      rounds: Number(values.rounds),
      seconds: Number(values.seconds),
      warm: Number(values.warm),
      rows: values.rows.split(','),
    }),
  import: () => benchImport(dist),
  history: () => benchHistory(dist),
  growth: () => benchGrowth(dist, values.sizes.split(',').map(Number), Number(values.streams)),
  fanout: () => benchFanout(dist, Number(values.facts)),
  samples: () => benchSamples(dist, Number(values.samples ?? 400_000)),
  mqtt: () => benchMqtt(dist, Number(values.messages)),
  lab: () => benchLab(Number(values.minutes)),
  archive: () => benchArchive(dist, Number(values.events)),
  volume: () => benchVolume(dist, Number(values.samples ?? 10_000_000)),
};

console.log(`Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'})`);
const rows: Row[] = [];
for (const name of values.only.split(',')) {
  const part = parts[name];
  if (!part) throw new Error(`--only ${name}: expected ${Object.keys(parts).join(', ')}`);
  const began = performance.now();
  rows.push(...(await part()));
  console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
}
printRows(rows);
process.exit(0);

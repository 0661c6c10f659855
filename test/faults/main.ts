import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { generateBatteryList } from '#product-registry/import/testing/generate-battery-list.js';

import { fanoutRounds } from './fanout/round.js';
import { freezeRound } from './freeze-round.js';
import { killRound } from './kill-rounds.js';
import { labRounds } from './lab/round.js';
import { MqttRounds } from './mqtt/round.js';
import { outageRound } from './outage-round.js';

/**
 * Fault injection on the compiled processes: `npm run faults -- [--rounds 20] [--seed 1]
 * [--only kill|freeze|outage|fanout|mqtt|lab]`. Every round prints its seed; the same seed chooses the same order
 * of harms and the same moments. A round of `kill` goes on for as long as its import takes; one of `fanout` or `mqtt`
 * does every harm.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    'outage-seconds': { type: 'string', default: '120' },
  },
});

const dist = resolve('dist');

/** The published list where it is at hand, else one of the same size made by ourselves. */
const listFile = (): { list: string; rows: number } => {
  const folder = process.env['VOLTRACE_DATA'] ?? resolve('../shared/data');
  const published = join(folder, 'product-registry/Battery_List_Data_ADA.2026-02-11.csv');
  if (existsSync(published)) return { list: published, rows: 863 };
  const list = join(mkdtempSync(join(tmpdir(), 'voltrace-list-')), 'list.csv');
  writeFileSync(list, [...generateBatteryList({ rows: 863, seed: 1 })].join(''));
  return { list, rows: 863 };
};

const list = listFile();
const firstSeed = Number(values.seed);
const rounds: [string, () => Promise<readonly string[]>][] = [];
if (values.only === undefined || values.only === 'kill') {
  for (let n = 0; n < Number(values.rounds); n += 1) {
    const seed = firstSeed + n;
    rounds.push([`kill, seed ${seed}`, () => killRound({ dist, seed, ...list })]);
  }
}
if (values.only === undefined || values.only === 'freeze') {
  rounds.push(['freeze', () => freezeRound({ dist, seed: firstSeed, ...list })]);
}
if (values.only === undefined || values.only === 'outage') {
  const seconds = Number(values['outage-seconds']);
  rounds.push(['outage', () => outageRound({ dist, seconds, seed: firstSeed })]);
}
const fanout = fanoutRounds(dist);
if (values.only === undefined || values.only === 'fanout') {
  for (let n = 0; n < Number(values.rounds); n += 1) {
    const seed = firstSeed + n;
    rounds.push([`fanout, seed ${seed}`, () => fanout.run(seed)]);
  }
}
const mqtt = new MqttRounds(dist);
if (values.only === undefined || values.only === 'mqtt') {
  for (let n = 0; n < Number(values.rounds); n += 1) {
    const seed = firstSeed + n;
    rounds.push([`mqtt, seed ${seed}`, () => mqtt.run(seed)]);
  }
}
const lab = labRounds();
if (values.only === undefined || values.only === 'lab') {
  for (let n = 0; n < Number(values.rounds); n += 1) {
    const seed = firstSeed + n;
    rounds.push([`lab, seed ${seed}`, () => lab.run(seed)]);
  }
}

let failed = 0;
for (const [name, run] of rounds) {
  const began = Date.now();
  const faults = await run();
  const took = ((Date.now() - began) / 1000).toFixed(1);
  if (faults.length > 0) failed += 1;
  console.log(`${faults.length > 0 ? 'FAILED' : 'passed'}  ${name}  (${took} s)`);
  for (const fault of faults) console.log(`    ${fault}`);
}
await fanout.end();
await mqtt.end();
await lab.end();
const { skipped } = mqtt;
const passed = rounds.length - failed - skipped;
console.log(
  `\nfaults: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped (no mosquitto)` : ''}`,
);
process.exit(failed > 0 ? 1 : 0);

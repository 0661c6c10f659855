import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { projectRoot } from '#testing/build.js';

import { type Expected, type KnownCase, knownCases, neverChecked } from './known-cases.js';
import { SamplesSystem, type Way, ways } from './samples-system.js';

const folder = join(projectRoot, '..', 'shared', 'cases', 'telemetry');
const isThere = existsSync(folder);
if (!isThere) console.warn('skipped: ../shared/cases/telemetry is absent');

const cases = isThere
  ? (JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as readonly Expected[])
  : [];

let system: SamplesSystem;
beforeAll(async () => {
  if (isThere) system = await SamplesSystem.start();
});
afterAll(async () => {
  if (isThere) await system.stop();
});

const knownCase = (file: string): KnownCase => {
  const known = knownCases[file];
  if (known) return known;
  throw new Error(`nobody has said how ${file} of expected.json is sent and read`);
};

/** As `expected.json` says it, to its eight decimals. */
const near = (value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? expect.closeTo(value, 8) : value;

const sent = async (way: Way, file: string): Promise<string> => {
  const { files = [file], as = ['v'], options, declared = {} } = knownCase(file);
  const device = await system.newDevice(cases.find((one) => one.file === file)?.zone);
  for (const [series, rules] of Object.entries(declared)) {
    await system.declare(device, series, rules);
  }
  for (const series of as) {
    for (const one of files) {
      await system.send(way, device, join(folder, one), { series, ...options });
    }
  }
  return device;
};

(isThere ? describe : describe.skip)('the shared cases', () => {
  it('are known here, each of them and nothing else', () => {
    expect(Object.keys(knownCases).sort()).toEqual(cases.map(({ file }) => file).sort());
  });

  describe.each(ways)('by %s', (way) => {
    it.each(cases)('$file', async (expected) => {
      const { find, says = {}, unchecked = {} } = knownCase(expected.file);
      const device = await sent(way, expected.file);
      const found = await find(await system.reading(device), expected);
      const left = { ...neverChecked, ...unchecked };
      const right = Object.entries(expected).filter(([field]) => !Object.hasOwn(left, field));
      expect(found).toEqual({
        ...Object.fromEntries(right.map(([field, value]) => [field, near(value)])),
        ...says,
      });
    });

    it('values-in-other-forms.ndjson, where the mapping says that text is read', async () => {
      const file = 'values-in-other-forms.ndjson';
      const device = await system.newDevice();
      await system.declare(device, 'v');
      await system.send(way, device, join(folder, file), { series: 'v', parseText: true });
      const read = await system.reading(device);
      const values = (await read.samples()).map(({ value }) => value);
      expect(values).toEqual([12.5, 0, 1e308, 5e-324, 1000]);
      expect((await read.quarantined()).samples).toBe(6);
    });
  });
});

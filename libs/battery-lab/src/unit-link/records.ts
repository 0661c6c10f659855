import type { CyclerSamplesMessage } from '#cycling/protocol/messages.js';
import type { FieldError } from '#kernel/refusal.js';

import type { CurrentSeen } from '../experiment/commands.js';
import { isAfterOff } from '../experiment/found-on.js';
import type { Experiment } from '../experiment/state.js';
import type { CyclerSamplesRecorded, RecordColumns } from '../samples/events.js';
import { utcAt } from '../samples/records-of.js';

const columns = [
  'stepCount',
  'stepId',
  'cycle',
  'voltageV',
  'currentA',
  'temperatureC',
] as const satisfies readonly (keyof CyclerSamplesMessage)[];

/** What is wrong with the columns of a message beside their schema. */
export const problemsOf = (body: CyclerSamplesMessage): readonly FieldError[] => {
  const rows = body.testTimeS.length;
  if (rows === 0) return [{ pointer: '/body/testTimeS', reason: 'expected at least one record' }];
  const expected = `expected ${String(rows)} values, as testTimeS has`;
  const lengths = [
    ...columns.map((name) => [`/body/${name}`, body[name].length] as const),
    ...Object.entries(body.channels ?? {}).map(
      ([name, values]) => [`/body/channels/${name}`, values.length] as const,
    ),
  ];
  const problems = lengths
    .filter(([, length]) => length !== rows)
    .map(([pointer]) => ({ pointer, reason: expected }));
  const backwards = body.testTimeS.findIndex((time, row) => time < (body.testTimeS[row - 1] ?? 0));
  if (backwards < 0) return problems;
  const reason = 'expected a time that is not before the one before it';
  return [...problems, { pointer: `/body/testTimeS/${String(backwards)}`, reason }];
};

/** Of the records of a message the first current where the output of the unit should be off. */
export const currentAfterOff = (
  body: CyclerSamplesMessage,
  state: Experiment,
): CurrentSeen | undefined => {
  if (state.output === 'on') return undefined;
  for (const [row, testTimeS] of body.testTimeS.entries()) {
    const seen = { currentA: body.currentA[row] ?? 0, testTimeS, at: timeOf(body, row) };
    if (isAfterOff(seen, state)) return seen;
  }
  return undefined;
};

/** When the newest record of a message was taken. */
export const lastOf = (body: CyclerSamplesMessage) => ({
  testTimeS: body.testTimeS.at(-1) ?? 0,
  at: timeOf(body, body.testTimeS.length - 1),
});

/** UTC of a record, ISO 8601. */
const timeOf = ({ t0, testTimeS }: CyclerSamplesMessage, row: number): string => {
  const first = { utcMs: Date.parse(t0), testTimeS: testTimeS[0] ?? 0 };
  return new Date(utcAt(testTimeS[row] ?? 0, first)).toISOString();
};

type Chunk = Omit<CyclerSamplesRecorded, 'experimentId' | 'hash' | 'seen'>;

/** The records of a message by UTC day. */
export const chunksOf = (body: CyclerSamplesMessage): readonly Chunk[] => {
  const at = (row: number): string => timeOf(body, row);
  const chunks: Chunk[] = [];
  let first = 0;
  for (let row = 1; row <= body.testTimeS.length; row += 1) {
    const ends = row === body.testTimeS.length || at(row).slice(0, 10) !== at(first).slice(0, 10);
    if (!ends) continue;
    const extent = { from: at(first), to: at(row - 1), count: row - first };
    chunks.push({ ...extent, ...rowsOf(body, first, row) });
    first = row;
  }
  return chunks;
};

const rowsOf = (body: CyclerSamplesMessage, from: number, to: number): RecordColumns => ({
  testTimeS: body.testTimeS.slice(from, to),
  stepCount: body.stepCount.slice(from, to),
  stepId: body.stepId.slice(from, to),
  cycle: body.cycle.slice(from, to),
  voltageV: body.voltageV.slice(from, to),
  currentA: body.currentA.slice(from, to),
  temperatureC: body.temperatureC.slice(from, to),
  channels: Object.fromEntries(
    Object.entries(body.channels ?? {}).map(([name, values]) => [name, values.slice(from, to)]),
  ),
});

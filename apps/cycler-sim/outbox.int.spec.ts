import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Entry, Outbox } from './outbox.js';
import { charge, TestBench } from './unit/bench.fixture.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'voltrace-outbox-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (maxBytes = 1_000_000) => Outbox.open(folder, 'unit', maxBytes);
const at = (nowS: number) => ({ nowS, wallMs: nowS * 1_000 });
const taken = (outbox: Outbox): Entry[] => {
  const entries: Entry[] = [];
  for (let next = outbox.next(); next; next = outbox.next()) entries.push(next);
  return entries;
};
const seqs = (entries: readonly Entry[]) => entries.map(({ seq }) => seq);
const samples = (size = 0) => ({ kind: 'samples' as const, body: { filler: 'x'.repeat(size) } });
const steps = { kind: 'steps' as const, body: {} };

describe('what a unit has to send', () => {
  it('is numbered, sent in its order, and sent again by another process until it is acknowledged', () => {
    const first = open();
    first.append([samples(), steps], at(1));
    first.append([samples()], at(2));
    const [one, two, three] = taken(first);
    expect(seqs([one!, two!, three!])).toEqual([1, 2, 3]);
    expect(JSON.parse(two!.text)).toMatchObject({
      v: 1,
      id: 'unit',
      session: first.session,
      seq: 2,
    });
    first.acknowledge(one!);
    first.acknowledge(three!);
    first.append([], at(3));
    const second = open();
    expect(second.session).not.toBe(first.session);
    expect(taken(second)).toEqual([two]);
    second.append([steps], at(4));
    expect(taken(second)).toMatchObject([{ session: second.session, seq: 1 }]);
  });

  it('is sent again over another connection, and where the server misses it', () => {
    const outbox = open();
    outbox.append([samples(), samples(), samples()], at(1));
    const [one, two] = [outbox.next()!, outbox.next()!];
    outbox.acknowledge(one);
    outbox.restart();
    expect(seqs(taken(outbox))).toEqual([2, 3]);
    outbox.acknowledge(two);
    outbox.resend(outbox.session, 1, 2);
    outbox.resend('another session', 1, 3);
    expect(seqs(taken(outbox))).toEqual([1, 2]);
  });

  it('is bounded: the oldest samples go, steps and answers stay', () => {
    const outbox = open(80_000);
    outbox.append([steps], at(1));
    for (let message = 0; message < 100; message += 1) outbox.append([samples(3_000)], at(2));
    expect(outbox.givenUp).toBeGreaterThan(50);
    // However often it starts: that alone is not too much.
    for (let start = 0; start < 20; start += 1) open(80_000);
    const left = taken(open(80_000));
    expect(left.filter(({ kind }) => kind === 'steps')).toMatchObject([{ seq: 1 }]);
    expect(left.filter(({ kind }) => kind === 'samples').at(-1)?.seq).toBe(101);
    expect(left.length + outbox.givenUp).toBe(101);
    const bytes = readdirSync(folder).map((file) => statSync(join(folder, file)).size);
    expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(80_000);
  });

  it('is kept with the state that it was said in, and a line that was cut off counts for nothing', () => {
    const bench = new TestBench();
    bench.start(charge(1));
    const outbox = open(40_000);
    const stations = bench.kept.stations;
    expect(stations['sim-1']?.execution).toBeDefined();
    outbox.append([samples()], { ...at(1), ...bench.kept });
    // The program is not written again.
    outbox.append([samples(6_000)], { ...at(2), stations });
    outbox.append([samples()], { ...at(3), stations });
    const file = readdirSync(folder).sort().at(-1) ?? '';
    appendFileSync(join(folder, file), '{"nowS":9,"wallMs":9000,"messages":[{"sess');
    const { state } = open();
    expect(state).toEqual({ ...at(3), unit: bench.kept.unit, stations });
  });
});

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'vitest';

import { type CommandResult, runCtl, type TestStandalone } from '#testing/standalone.js';

const reason = 'test';
const patienceMs = 90_000;

export interface LogEvent {
  readonly stream: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: {
    readonly recordedAt: string;
    readonly reason?: string;
    readonly actor: { readonly id: string };
  };
}

export interface ActivityRow {
  readonly day: string;
  readonly manufacturer: { readonly id: string };
  readonly kind: string;
  readonly changes: number;
}

type Written = Readonly<Record<'id' | 'position', string>>;

/** A running system, as somebody uses it who changes the registry and looks at its activity. */
export class ActivityUser {
  constructor(readonly voltrace: TestStandalone) {}

  ctl(...args: string[]): Promise<CommandResult> {
    return runCtl(this.voltrace.dataDir, args);
  }

  /** Runs a command that must succeed; answers what it wrote. */
  async done(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.ctl(...args);
    expect([exitCode, stderr]).toEqual([0, expect.anything()]);
    return stdout;
  }

  async post(path: string, body: object): Promise<Written> {
    const answer = await this.voltrace.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    expect([answer.ok, text]).toEqual([true, expect.anything()]);
    return JSON.parse(text) as Written;
  }

  /** Answers its id. */
  async makeMaker(): Promise<string> {
    return (await this.post('/v1/manufacturers', { name: `Maker ${randomUUID()}`, reason })).id;
  }

  /** Answers its id. */
  async makeBattery(manufacturer: string, model: string): Promise<string> {
    const body = { type: 'ProdBattery', manufacturer, model, elements: {}, reason };
    return (await this.post('/v1/products', body)).id;
  }

  setName(product: string, name: string): Promise<Written> {
    const elements = { ProdName: { value: name } };
    return this.post(`/v1/products/${product}/set-elements`, { elements, reason });
  }

  withdrawName(product: string): Promise<Written> {
    const body = { names: ['ProdName'], reason };
    return this.post(`/v1/products/${product}/withdraw-elements`, body);
  }

  /** What the log says, as anybody with a key may read it. */
  async events(category: string): Promise<readonly LogEvent[]> {
    const answer = await this.voltrace.fetch(`/v1/events?category=${category}`);
    const lines = (await answer.text()).trim().split('\n');
    return lines.slice(0, -1).map((line) => JSON.parse(line) as LogEvent);
  }

  async activity(query = ''): Promise<readonly ActivityRow[]> {
    const path = `/v1/analytics/registry-activity?format=ndjson${query}`;
    const end = Date.now() + patienceMs;
    for (;;) {
      const answer = await this.voltrace.fetch(path);
      const text = (await answer.text()).trim();
      // What is waited for by position may take longer than an answer may.
      if (text.includes('"NOT_YET_VISIBLE"') && Date.now() < end) continue;
      if (answer.status !== 200) throw new Error(`${String(answer.status)} ${text}`);
      return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as ActivityRow);
    }
  }

  /** Waits until the activity is what follows from the log, and fails with the difference. */
  async matches(withinMs = patienceMs): Promise<void> {
    const until = Date.now() + withinMs;
    for (;;) {
      const is = (await this.activity()).map(shown).sort();
      const should = countsOf(await this.events('product,manufacturer'));
      if (JSON.stringify(is) === JSON.stringify(should) || Date.now() > until) {
        expect(is).toEqual(should);
        return;
      }
      await sleep(100);
    }
  }
}

const shown = ({ day, manufacturer, kind, changes }: ActivityRow): string =>
  [day, manufacturer.id, kind, changes].join(' ');

/** The activity, counted by other code than the consumer's. */
const countsOf = (events: readonly LogEvent[]): readonly string[] => {
  const makers = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const { stream, type, data, metadata } of events) {
    const id = stream.slice(stream.indexOf('-') + 1);
    if (type === 'ProductRegistered') makers.set(id, String(data['manufacturerId']));
    const maker = stream.startsWith('product-') ? makers.get(id) : id;
    const kind = type.replace(/(?<=.)[A-Z]/g, '-$&').toLowerCase();
    const key = `${metadata.recordedAt.slice(0, 10)} ${String(maker)} ${kind}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => `${key} ${String(count)}`).sort();
};

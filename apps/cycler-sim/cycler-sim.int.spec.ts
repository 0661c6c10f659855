import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { StepMessage } from '#cycling/protocol/messages.js';
import { EmbeddedBroker } from '#device-link/embedded-broker.js';
import { Inbox } from '#device-link/inbox.js';
import { Topics } from '#device-link/topics.js';
import { Logger } from '#observability/logging.js';
import { documentedUnitCheck } from '#test/contracts/documented-unit-message.js';
import { AppProcesses } from '#testing/app-processes.js';
import { compiledRoot } from '#testing/build.js';
import { until } from '#testing/until.js';

import { limits } from './unit/bench.fixture.js';

interface Message {
  readonly kind: string;
  readonly session: string;
  readonly seq: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const device = randomUUID();
const folder = mkdtempSync(join(tmpdir(), 'voltrace-sim-'));
const apps = new AppProcesses();
const messages: Message[] = [];
/** What docs/unit-protocol.yaml has against what the unit says. */
const problems: string[] = [];
const problemsOf = documentedUnitCheck();
let broker: EmbeddedBroker;
let renewing: NodeJS.Timeout | undefined;
/** A broker that takes what it is sent, and has it in the order in which it took it. */
const startBroker = () => {
  const inbox = new Inbox({
    take: (_, taken) => {
      for (const { kind, payload } of taken) {
        const envelope = JSON.parse(payload.toString()) as Omit<Message, 'kind'>;
        messages.push({ kind, ...envelope });
        problems.push(...problemsOf(kind, envelope));
      }
      return Promise.resolve();
    },
    refuse: () => Promise.resolve(),
  });
  return EmbeddedBroker.start({
    ...{ host: '127.0.0.1', port: 0, topics: new Topics(), inbox },
    ...{ maxConnections: 10, messagesPerSecond: 1_000, logger: Logger.create({ app: 'test' }) },
    authenticate: (user, secret) =>
      Promise.resolve(user === device && secret.toString() === 'secret'),
    onRejected: (reason) => {
      throw new Error(reason);
    },
    onListening: () => undefined,
  });
};

const startUnit = async (speed: number) => {
  const app = apps.start(join(compiledRoot, 'apps/cycler-sim/main.js'), {
    ...{ MQTT_URL: `mqtt://127.0.0.1:${String(broker.port)}`, UNIT_ID: device },
    ...{ UNIT_SECRET: 'secret', SIM_FOLDER: folder, SIM_SPEED: String(speed) },
    ...{ SIM_LEASE_MS: '3000', LOG_LEVEL: 'warn' },
  });
  await app.ready;
};
const renew = (): void => {
  const renewal = () => void broker.publish(device, 'lease', { untilS: Date.now() / 1_000 + 3 });
  renewing = setInterval(renewal, 500);
  renewal();
};
const instruct = async (kind: string, more: object = {}): Promise<Message> => {
  const instruction = randomUUID();
  const named = { station: 'station-a', experiment: 'experiment-a' };
  await broker.publish(device, 'instructions', { ...named, ...more, instruction, kind });
  const answer = () => messages.find(({ body }) => body['instruction'] === instruction);
  await until(`${kind} is answered`, () => answer() !== undefined);
  return answer()!;
};
const steps = (): StepMessage[] =>
  messages.flatMap(({ kind, body }) => (kind === 'steps' ? [body as unknown as StepMessage] : []));
const said = (what: StepMessage['what']) =>
  until(`the unit says ${what}`, () => steps().at(-1)?.what === what);

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  clearInterval(renewing);
  await apps.kill();
  await broker.stop();
  rmSync(folder, { recursive: true });
});

describe('a simulated unit on the link', () => {
  it('is born, does what it is instructed and answers, and sends samples in simulated time', async () => {
    await startUnit(200);
    await until('the unit is born', () => messages.some(({ kind }) => kind === 'birth'));
    expect(messages[0]).toMatchObject({ kind: 'birth', seq: 1, body: { type: 'cycler-unit' } });
    await until('it listens', async () => {
      await broker.publish(device, 'instructions', {
        instruction: 'd',
        kind: 'detect',
        requestId: 'r',
      });
      return messages.some(({ kind }) => kind === 'acks');
    });
    expect(messages.find(({ kind }) => kind === 'acks')?.body).toMatchObject({
      ...{ type: 'detection', requestId: 'r', devices: [{ serialNumber: 'SIM-1' }] },
    });
    renew();
    const confirmed = await instruct('confirm-limits', { limits, devices: ['SIM-1'] });
    expect(confirmed.body).toMatchObject({ status: 'done', state: 'ready' });
    const program = {
      steps: [
        { do: 'cc', currentA: 1, until: [{ timeS: 300 }] },
        { do: 'rest', until: [{ timeS: 86_400 }] },
      ],
    };
    const started = await instruct('start', { program, nominalCapacityAh: 2.6 });
    expect(started.body).toMatchObject({ status: 'done', state: 'running' });
    await until('the first step is over', () => steps().length >= 3);
    expect(steps().slice(0, 3)).toMatchObject([
      { what: 'started', stepCount: 1 },
      { what: 'ended', stepCount: 1, cause: 'time' },
      { what: 'started', stepCount: 2 },
    ]);
    const rows = messages.flatMap(({ kind, body }) =>
      kind === 'samples' ? (body['testTimeS'] as number[]) : [],
    );
    expect(rows.slice(0, 3)).toEqual([0, 10, 20]);
  });

  it('keeps what it has to say while the line is cut, and is safe when its lease is over', async () => {
    clearInterval(renewing);
    const before = messages.length;
    writeFileSync(join(folder, 'faults.ndjson'), '{"fault":"comm-loss","forS":5}\n');
    await until('its will is sent', () =>
      messages.slice(before).some(({ body }) => body['state'] === 'offline'),
    );
    await said('safe');
    expect(steps().at(-1)).toMatchObject({
      cause: 'lost',
      stepCount: 2,
      currentA: expect.closeTo(0, 2),
    });
    const { session } = messages.at(-1)!;
    const numbers = new Set(
      messages.filter((one) => one.session === session && one.seq > 0).map(({ seq }) => seq),
    );
    // Nothing is left out.
    expect(Math.max(...numbers)).toBe(numbers.size);
    renew();
    await until('it has a lease', async () => (await instruct('resume')).body['status'] === 'done');
  });

  it('knows after it was killed where it was, and goes on there when it is told', async () => {
    await said('resumed');
    await apps.kill();
    await startUnit(200);
    await said('interrupted');
    const { gapS, stepCount, stepId } = steps().at(-1)!;
    expect({ stepCount, stepId }).toEqual({ stepCount: 2, stepId: 2 });
    expect(gapS).toBeGreaterThan(1);
    await until('it has a lease', async () => (await instruct('resume')).body['status'] === 'done');
    await instruct('stop');
    expect(
      steps()
        .map(({ what }) => what)
        .slice(-3),
    ).toEqual(['resumed', 'ended', 'stopped']);
    const witnesses = readFileSync(join(folder, 'witness.ndjson'), 'utf8').trim().split('\n');
    const outputs = witnesses.map((line) => (JSON.parse(line) as { output: string }).output);
    expect(outputs).toEqual(['on', 'off', 'on', 'off', 'on', 'off']);
  });

  it('has said nothing but what the document of the protocol says', () => {
    expect(new Set(messages.map(({ kind }) => kind))).toEqual(
      new Set(['birth', 'state', 'samples', 'steps', 'acks']),
    );
    expect(problems).toEqual([]);
    expect(
      problemsOf(
        'steps',
        messages.find(({ kind }) => kind === 'samples'),
      ),
    ).not.toEqual([]);
  });
});

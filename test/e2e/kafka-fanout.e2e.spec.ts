import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { generateBatteryList } from '#product-registry/import/testing/generate-battery-list.js';
import { appendProducts, eventsPerProduct } from '#test/bench/synthetic-log.js';
import { loggedFacts, samplesTopic, telemetryTopic } from '#test/faults/fanout/logged-facts.js';
import { fanoutFaults, type FanoutUnderTest } from '#test/faults/fanout/settled.js';
import { databaseUrlOf, eventStoreUrlOf } from '#test/faults/operate.js';
import { startVoltrace, type Voltrace } from '#test/support/voltrace.js';
import { House, valuesByReader } from '#test/telemetry/house.js';
import { publishedFaults } from '#test/telemetry/published.js';
import { compiledRoot } from '#testing/build.js';
import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { type OwnKafka, ownKafka } from '#testing/kafka/shared.js';

/** Generated events after the import: a quick number here, more where somebody asks for it. */
const generated = Number(process.env['VOLTRACE_FANOUT_EVENTS'] ?? '4000');

const folder = join(process.env['VOLTRACE_DATA'] ?? resolve('../shared/data'), 'product-registry');
const published = join(folder, 'Battery_List_Data_ADA.2026-02-11.csv');

/** The published list where it is at hand, else one of its size made by ourselves. */
const listFile = (dataDir: string): string => {
  if (existsSync(published)) return published;
  console.warn(`the published list is not in ${folder}: a generated one is imported instead`);
  const list = join(dataDir, 'list.csv');
  writeFileSync(list, [...generateBatteryList({ rows: 863, seed: 1 })].join(''));
  return list;
};

describeWithKafkaPrograms('the registry on a Kafka broker, from the list to the reader', () => {
  let kafka: OwnKafka;
  let voltrace: Voltrace;
  let dataDir: string;
  let parts: FanoutUnderTest;

  beforeAll(async () => {
    kafka = await ownKafka();
    dataDir = mkdtempSync(join(tmpdir(), 'voltrace-fanout-'));
    const limits = { RATE_LIMIT_PER_KEY: '1000000', RATE_LIMIT_PER_ADDRESS: '1000000' };
    voltrace = await startVoltrace({
      dist: compiledRoot,
      dataDir,
      env: { KAFKA_BROKERS: kafka.brokers, ...limits },
    });
    parts = {
      api: voltrace.api,
      brokers: kafka.brokers,
      databaseUrl: databaseUrlOf(dataDir),
      eventStoreUrl: eventStoreUrlOf(dataDir),
    };
  });

  afterAll(async () => {
    await voltrace.remove();
    await kafka.dispose();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('shows every fact of an imported list once and in order, to readers and to analysts', async () => {
    const { api } = voltrace;
    const ended = await api.importEnded(await api.importFile('products', listFile(dataDir)));
    expect(ended.body['rows']).toMatchObject({ total: 863, accepted: 863 });
    expect(await fanoutFaults(parts)).toEqual([]);
  }, 600_000);

  it(`does so for ${String(generated)} events more`, async () => {
    const before = (await loggedFacts(parts.eventStoreUrl)).length;
    const log = EsdbEventLog.connect(parts.eventStoreUrl);
    // Few at once: what is compared is what comes out, not how much a slow disk takes in.
    await appendProducts(log, generated / eventsPerProduct, 2);
    await log.close();
    expect((await loggedFacts(parts.eventStoreUrl)).length).toBe(before + generated + 1);
    expect(await fanoutFaults(parts)).toEqual([]);
  }, 600_000);

  it('shows what devices sent once and in order, although the relay is killed meanwhile', async () => {
    const house = await House.start(voltrace.api);
    const killed = new Set<number>();
    await house.measure(6, (round) => {
      const relay = voltrace.children().find(({ name }) => name === 'relay');
      if (round % 2 === 0 || !relay) return;
      process.kill(relay.pid, 'SIGKILL');
      killed.add(relay.pid);
    });
    expect(killed.size).toBeGreaterThan(0);
    const said = await publishedFaults(parts, telemetryTopic);
    const measured = await publishedFaults(parts, samplesTopic);
    expect([...said.faults, ...measured.faults]).toEqual([]);
    const types = [...said.records, ...measured.records].map(({ type }) => type);
    expect(new Set(types)).toEqual(new Set(house.published));
    // A stranger who adds the facts up comes to what the API answers.
    expect(valuesByReader(measured.records)).toEqual(await house.values());
  }, 600_000);

  it('finds no difference when the topics are verified', async () => {
    const reply = await voltrace.api.send('/v1/fanout/topics/verify', { method: 'POST' });
    const result = reply.text.trim().split('\n').at(-1) ?? '';
    expect(JSON.parse(result)).toMatchObject({ result: { ok: true } });
  });
});

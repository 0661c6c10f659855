import pg from 'pg';

import { samplesSchema } from '#projections/samples/samples.projection.js';
import { databaseUrlOf } from '#test/faults/operate.js';
import type { ApiClient, Reply } from '#test/support/client.js';
import { seeded } from '#test/support/seeded.js';
import { startVoltrace, type Voltrace } from '#test/support/voltrace.js';

import { withCpu } from './cpu.js';
import { diskBytes } from './disk.js';
import { latencies } from './history.js';
import { MemoryWatch } from './memory.js';
import { quantile, type Row } from './report.js';

const seed = 12;
const devices = 100;
const seriesOfDevice = 10;
/** Of each device, with one sample each: what `latest` has to go through. */
const rareSeries = 90;
const minuteMs = 60_000;
/** A request holds an hour of a device; of the one with a whole year, a day. */
const hourRows = 60;
const dayRows = 1_440;
const connections = 8;
/** The day before a year begins and the day behind it, so that it is whole in any time zone. */
const year = { from: Date.UTC(2024, 11, 31), days: 367, zone: 'Europe/Brussels' };
const start = Date.UTC(2026, 0, 1);
const patienceMs = 1_800_000;

/** Samples over HTTP into a running system until they are queryable, and what they cost in memory, on disk and to read. */
export const benchVolume = async (dist: string, count: number): Promise<Row[]> => {
  const voltrace = await startVoltrace({
    dist,
    env: { RATE_LIMIT_PER_KEY: '100000000', RATE_LIMIT_PER_ADDRESS: '100000000' },
  });
  try {
    return await measure(voltrace, count);
  } finally {
    await voltrace.remove();
  }
};

const measure = async (voltrace: Voltrace, count: number): Promise<Row[]> => {
  const { api } = voltrace;
  const ids = await register(api, devices + 1);
  const [ofYear = '', ...others] = ids;
  await post(api, `/v1/devices/${ofYear}/declare-series`, {
    ...{ series: 'v', valueType: 'number', unit: 'kW', intervalMs: minuteMs },
  });
  const processes = voltrace.children();
  const pids = Object.fromEntries(processes.map(({ name, pid }) => [name, pid]));
  const before = await diskBytes(voltrace);
  const memory = new MemoryWatch(processes);
  const { result, cpu } = await withCpu({ ...pids, bench: process.pid }, async () => {
    const began = performance.now();
    const sent = await sendAll(api, ofYear, others, count);
    const acknowledgedMs = performance.now() - began;
    const visible = `/v1/latest?limit=1&after=${String(sent.position)}`;
    accepted(await api.persist(visible, {}, patienceMs));
    return { ...sent, acknowledgedMs, queryableMs: performance.now() - began };
  });
  const quarters = await memory.stop();
  await requireAll(voltrace, result.samples);
  const after = await diskBytes(voltrace);
  const shown = (ms: number) =>
    `${Math.round((result.samples / ms) * 1_000).toLocaleString('en')}/s`;
  const name = `volume, ${result.samples.toLocaleString('en')} samples`;
  const of = (bytes: number) => `${(bytes / result.samples).toFixed(1)} bytes`;
  return [
    {
      path: name,
      measured: `${shown(result.queryableMs)} queryable (CPU: ${cpu})`,
      ...{ peer: `${shown(result.acknowledgedMs)} acknowledged`, target: 'none', met: true },
    },
    ...[...quarters].map(([process_, [one = 0, two = 0, three = 0, four = 0]]) => ({
      path: `${name}: memory of ${process_}`,
      measured: `${[one, two, three, four].map((mib) => mib.toFixed(0)).join(' / ')} MiB by quarters`,
      ...{ ratio: four / two, target: 'last to second <= 1.25', met: four / two <= 1.25 },
    })),
    {
      path: `${name}: disk for each`,
      measured: `read models ${of(after.readModels - before.readModels)} (samples ${of(after.samples)}, roll-ups ${of(after.rollups)}), log ${of(after.log - before.log)}`,
      ...{ target: 'none', met: true },
    },
    ...(await readRows(api, ofYear, others.at(-1) ?? '')),
  ];
};

const readRows = async (api: ApiClient, ofYear: string, other: string): Promise<Row[]> => {
  const rows: Row[] = [];
  const base = `/v1/devices/${ofYear}/samples?series=v&fn=avg,min,max,twa`;
  const local = 'from=2024-12-31T23:00:00Z&to=2025-12-31T23:00:00Z';
  const paths = {
    'a year of minutes by hour': `${base}&${local}&tz=${year.zone}&bucket=hour`,
    'a year of minutes by day': `${base}&${local}&tz=${year.zone}&bucket=day`,
    'latest of 10,000 series': '/v1/latest?limit=10000',
    'latest of a device with 100 series': `/v1/devices/${other}/latest`,
  };
  for (const [path, query] of Object.entries(paths)) {
    const { body, text } = accepted(await api.get(query));
    const ms = await latencies(api, () => query, 200);
    const [p50, p99] = [quantile(ms, 0.5), quantile(ms, 0.99)];
    const [series] = (body['series'] ?? []) as { resolution: string[] }[];
    const from = series ? `, from ${series.resolution.join(' and ')}` : '';
    rows.push({
      path: `${path}${from} (${Math.round(text.length / 1024).toLocaleString('en')} KiB)`,
      measured: `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
      ...{ target: 'none', met: true },
    });
  }
  return rows;
};

const register = async (api: ApiClient, count: number): Promise<readonly string[]> => {
  const { body } = await post(api, '/v1/sites', { name: 'bench', timeZone: year.zone });
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const device = { type: 'meter', siteId: body['id'], name: `meter_${String(index)}` };
    ids.push(String((await post(api, '/v1/devices', device)).body['id']));
  }
  return ids;
};

interface Request {
  readonly device: string;
  readonly body: object;
  readonly samples: number;
}

/** Each connection has devices of its own, whose samples come in the order of their times. */
const sendAll = async (
  api: ApiClient,
  ofYear: string,
  others: readonly string[],
  count: number,
): Promise<{ readonly samples: number; readonly position: bigint }> => {
  const rest = count - year.days * dayRows - devices * rareSeries;
  const hours = Math.ceil(rest / (devices * seriesOfDevice * hourRows));
  if (hours < 1) throw new Error(`--samples ${String(count)}: expected 600000 or more`);
  let [samples, position] = [0, 0n];
  const send = async (requests: Iterable<Request>): Promise<void> => {
    for (const { device, body, samples: more } of requests) {
      const reply = await post(api, `/v1/devices/${device}/samples`, body);
      const at = BigInt(String(reply.body['position']));
      if (at > position) position = at;
      samples += more;
    }
  };
  const own = (connection: number) =>
    others.filter((_, index) => index % connections === connection);
  await Promise.all([
    send(requestsOfYear(ofYear)),
    ...Array.from({ length: connections }, (_, one) => send(requestsOf(own(one), hours, one))),
  ]);
  return { samples, position };
};

function* requestsOf(
  own: readonly string[],
  hours: number,
  connection: number,
): Generator<Request> {
  const random = seeded(seed + connection);
  for (const device of own) {
    const series = seriesNamed(
      rareSeries,
      (index) => `rare.${String(index)}`,
      () => [random()],
    );
    yield { device, samples: rareSeries, body: { t0: iso(start), series } };
  }
  for (let hour = 0; hour < hours; hour += 1) {
    for (const device of own) {
      const values = () => walk(random, hourRows);
      const series = seriesNamed(seriesOfDevice, (index) => `A.${String(index)}`, values);
      const t0 = iso(start + hour * hourRows * minuteMs);
      yield { device, samples: seriesOfDevice * hourRows, body: { t0, dt: minuteMs, series } };
    }
  }
}

function* requestsOfYear(device: string): Generator<Request> {
  const random = seeded(seed - 1);
  for (let day = 0; day < year.days; day += 1) {
    const t0 = iso(year.from + day * dayRows * minuteMs);
    const series = { v: { values: walk(random, dayRows) } };
    yield { device, samples: dayRows, body: { t0, dt: minuteMs, series } };
  }
}

const iso = (at: number): string => new Date(at).toISOString();

const seriesNamed = (
  count: number,
  name: (index: number) => string,
  values: () => readonly number[],
): object =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [name(index), { unit: 'kW', values: values() }]),
  );

/** As a meter shows it: three decimals, and not far from the one before. */
const walk = (random: () => number, count: number): readonly number[] => {
  let value = random() * 10;
  return Array.from({ length: count }, () => {
    value = Math.abs(value + random() - 0.5);
    return Math.round(value * 1_000) / 1_000;
  });
};

const requireAll = async (voltrace: Voltrace, samples: number): Promise<void> => {
  const client = new pg.Client({ connectionString: databaseUrlOf(voltrace.dataDir) });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: string }>(
      `select count(*) from ${samplesSchema}.samples`,
    );
    const there = Number(rows[0]?.count);
    if (there !== samples) throw new Error(`${String(there)} of ${String(samples)} are there`);
  } finally {
    await client.end();
  }
};

const post = async (api: ApiClient, path: string, body: object): Promise<Reply> =>
  accepted(await api.post(path, body));

const accepted = (reply: Reply): Reply => {
  if (reply.status < 300) return reply;
  throw new Error(`answered ${String(reply.status)}: ${reply.text}`);
};

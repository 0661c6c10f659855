import { once } from 'node:events';

import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import type { ExpectedRevision } from '#event-log/event-log.js';
import { samples as projection, samplesSchema } from '#projections/samples/samples.projection.js';
import { samplesStream } from '#telemetry/samples/events.js';

import { catchUpMs } from './catch-up.js';
import { withCpu } from './cpu.js';
import type { Row } from './report.js';
import { type LogStores, startLogStores } from './stores.js';
import { asNew } from './synthetic-log.js';

/** What a device sends: `series` values every `stepMs`, `rows` of them in a chunk. */
interface Shape {
  readonly name: string;
  readonly series: number;
  readonly stepMs: number;
  readonly rows: number;
}

export const shapes: readonly Shape[] = [
  { name: 'by the hour, 18 series, a day in a chunk', series: 18, stepMs: 3_600_000, rows: 24 },
  { name: 'by the minute, 100 in a chunk', series: 4, stepMs: 60_000, rows: 25 },
  { name: 'every 4 s, 100 in a chunk', series: 4, stepMs: 4_000, rows: 25 },
];
const start = Date.UTC(2016, 0, 1);
const devices = 20;

/** The projector over chunks in the log, against `COPY` of the same rows into the same table, and against a row per message and connection. */
export const benchSamples = async (dist: string, count: number): Promise<Row[]> => {
  const rows: Row[] = [];
  for (const shape of shapes) {
    const stores = await startLogStores(dist);
    try {
      rows.push(...(await measure(stores, shape, count)));
    } finally {
      await stores.stop();
    }
  }
  return rows;
};

const measure = async (stores: LogStores, shape: Shape, count: number): Promise<Row[]> => {
  const { databaseUrl, server, nodePid } = stores;
  const taken = await appendChunks(stores, shape, count);
  const all = { projector: process.pid, postgres: server.pid };
  const projected = await withCpu({ ...all, 'event-node': nodePid }, () =>
    catchUpMs(stores, projection),
  );
  const client = new pg.Client({ connectionString: withoutParameters(databaseUrl) });
  await client.connect();
  try {
    const lines = await copyLines(client);
    if (lines.length !== taken) throw new Error(`${lines.length} of ${taken} samples are there`);
    await makeTable(client);
    const copied = await withCpu({ client: process.pid, postgres: server.pid }, () =>
      copyMs(client, lines),
    );
    const single = await onePerConnection(databaseUrl, lines.slice(0, 300));
    const perSecond = (taken / projected.result) * 1_000;
    const copiedPerSecond = (taken / copied.result) * 1_000;
    const shown = (value: number) => `${Math.round(value).toLocaleString('en')}/s`;
    const ofCopy = perSecond / copiedPerSecond;
    const ofSingle = perSecond / single;
    return [
      {
        path: `samples ${shape.name}`,
        measured: `${shown(perSecond)} (CPU: ${projected.cpu})`,
        peer: `COPY ${shown(copiedPerSecond)} (CPU: ${copied.cpu})`,
        ...{ ratio: ofCopy, target: '>= 0.4', met: ofCopy >= 0.4 },
      },
      {
        path: `samples ${shape.name}`,
        measured: shown(perSecond),
        peer: `a connection for each ${shown(single)}`,
        ...{ ratio: ofSingle, target: '>= 50', met: ofSingle >= 50 },
      },
    ];
  } finally {
    await client.end();
  }
};

/** Each device's one after the other, all devices at once. */
export const appendChunks = async (
  { log }: LogStores,
  shape: Shape,
  count: number,
): Promise<number> => {
  const { series, rows } = shape;
  const chunks = Math.ceil(count / (rows * series * devices));
  const appendOf = async (device: string): Promise<void> => {
    let stream = '';
    let next: ExpectedRevision = 'no_stream';
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      const data = chunkOf(device, shape, chunk);
      const own = samplesStream(device, data.from.slice(0, 10));
      if (own !== stream) next = 'no_stream';
      stream = own;
      const [event] = asNew([{ type: 'SamplesRecorded', data }]);
      if (event) await log.append(stream, [event], next);
      next = next === 'no_stream' ? 0n : next + 1n;
    }
  };
  const names = Array.from({ length: devices }, (_, index) => `device-${String(index)}`);
  await Promise.all(names.map(appendOf));
  return devices * chunks * rows * series;
};

const chunkOf = (device: string, { series, stepMs, rows }: Shape, chunk: number) => {
  const t0 = start + chunk * rows * stepMs;
  const t = Array.from({ length: rows }, (_, row) => row * stepMs);
  const values = (one: number) =>
    t.map((_, row) => Math.round(1e6 * Math.sin(chunk * 17 + row + one)) / 1e3);
  const columns = Array.from({ length: series }, (_, one) => [
    `A.${String(one)}`,
    { values: values(one) },
  ]);
  const from = new Date(t0).toISOString();
  return {
    ...{ device, from, to: new Date(t0 + (rows - 1) * stepMs).toISOString(), count: rows * series },
    blocks: [{ t0: from, t, series: Object.fromEntries(columns) as object, hash: 'h' }],
    ...{ messages: [], seen: { sessions: [], hashes: [] } },
  };
};

const withoutParameters = (url: string): string => url.replace(/\?.*/, '');

const columns = 'series_id, quality, at, value, position, text';

/** The rows of the projector as `COPY` takes them, in the order in which it put them. */
const copyLines = async (client: pg.Client): Promise<string[]> => {
  const { rows } = await client.query<{ line: string }>(
    `select concat_ws(E'\\t', series_id, quality, at, value, position, '\\N') as line
       from ${samplesSchema}.samples order by position, series_id, at`,
  );
  return rows.map(({ line }) => `${line}\n`);
};

/** As the projector's table, with a partition for each month. */
const makeTable = async (client: pg.Client): Promise<void> => {
  await client.query(`create schema copied; create table copied.samples
    (like ${samplesSchema}.samples including all) partition by range (at)`);
  const { rows } = await client.query<{ name: string; bounds: string }>(
    `select relname as name, pg_get_expr(relpartbound, oid) as bounds from pg_class
      where oid in (select inhrelid from pg_inherits where inhparent = '${samplesSchema}.samples'::regclass)`,
  );
  for (const { name, bounds } of rows) {
    await client.query(`create table copied.${name} partition of copied.samples ${bounds}`);
  }
};

const copyMs = async (client: pg.Client, lines: readonly string[]): Promise<number> => {
  const pieces: Buffer[] = [];
  for (let from = 0; from < lines.length; from += 1_000) {
    pieces.push(Buffer.from(lines.slice(from, from + 1_000).join('')));
  }
  const began = performance.now();
  const stream = client.query(copyFrom(`copy copied.samples (${columns}) from stdin`));
  for (const piece of pieces) if (!stream.write(piece)) await once(stream, 'drain');
  stream.end();
  await once(stream, 'finish');
  return performance.now() - began;
};

/** The way of the system that came before: for each message a connection, an insert and a commit. Answers rows/s. */
const onePerConnection = async (url: string, lines: readonly string[]): Promise<number> => {
  const connectionString = withoutParameters(url);
  const setUp = new pg.Client({ connectionString });
  await setUp.connect();
  await setUp.query('truncate copied.samples');
  await setUp.end();
  const began = performance.now();
  for (const line of lines) {
    const client = new pg.Client({ connectionString });
    await client.connect();
    const values = line.trim().split('\t').slice(0, 5);
    await client.query('begin');
    await client.query(
      `insert into copied.samples (${columns}) values ($1, $2, $3, $4, $5, null)`,
      values,
    );
    await client.query('commit');
    await client.end();
  }
  return (lines.length / (performance.now() - began)) * 1_000;
};

import pg from 'pg';

import type { ApiClient, Reply } from '#test/support/client.js';

/** Products that the loads change and read. */
export interface Subjects {
  readonly changed: readonly string[];
  readonly read: readonly string[];
}

const changedProducts = 256;
const readProducts = 128;
const changesOfRead = 10;
const atOnce = 32;

/** Who registers the products that are read: its code comes first in a list. */
const reads = { name: 'Atlas Reads', code: 'ATLAS' };
export const writes = { name: 'Bench Works', code: 'BENCH' };

/** Another one for each number, and all of them such as a battery of 4.6 kW has. */
export const energy = (value: number): object => ({
  EnergyCapacityNominal: { value: `5.${String(value).padStart(6, '0')}`, unit: 'kWh' },
});

/** Registers the products of the loads, and waits until they are shown. */
export const registerSubjects = async (api: ApiClient): Promise<Subjects> => {
  for (const manufacturer of [reads, writes]) {
    accepted(await api.post('/v1/manufacturers', { ...manufacturer, reason: 'bench' }));
  }
  const registered = (manufacturer: string, count: number): Promise<readonly string[]> =>
    inTurns(count, async (n) => {
      const elements = { ...energy(n), PowerDCContinuousMax: { value: '4.6', unit: 'kW' } };
      const body = { type: 'ProdBattery', manufacturer, model: `AX-${String(n)}`, elements };
      const reply = accepted(await api.post('/v1/products', { ...body, reason: 'bench' }));
      return String(reply.body['id']);
    });
  const read = await registered(reads.name, readProducts);
  const changed = await registered(writes.name, changedProducts);
  let position = '0';
  for (let n = 0; n < changesOfRead; n += 1) {
    await inTurns(read.length, async (index) => {
      const path = `/v1/products/${read[index] ?? ''}/set-elements`;
      const body = { elements: energy(1_000 * (n + 1) + index), reason: 'bench' };
      position = String(accepted(await api.post(path, body)).body['position']);
    });
  }
  accepted(await api.persist(`/v1/products?limit=1&after=${position}`));
  return { read, changed };
};

/** Gives the peer the same products: it answers a read with what ours answered. */
export const copyToPeer = async (
  api: ApiClient,
  databaseUrl: string,
  { read }: Subjects,
): Promise<void> => {
  const products: Reply['body'][] = [];
  const history: object[] = [];
  for (const id of read) {
    products.push(accepted(await api.get(`/v1/products/${id}`)).body);
    const { items } = accepted(await api.get(`/v1/products/${id}/history?limit=50`)).body;
    history.push(...(items as object[]).map((item) => ({ ...item, productId: id })));
  }
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('insert into bench.manufacturers (name, code) values ($1, $2)', [
      writes.name,
      writes.code,
    ]);
    await client.query(
      `insert into bench.manufacturers
       select distinct (m->>'id')::uuid, m->>'name', m->>'code'
       from jsonb_path_query($1, '$[*].manufacturer') m`,
      [JSON.stringify(products)],
    );
    await client.query(
      `insert into bench.products (id, type, manufacturer_id, model, code, elements,
         certifications, qualifications, revision, position, reason)
       select id, type, (manufacturer->>'id')::uuid, model, code, elements,
              certifications, qualifications, revision, position, 'bench'
       from jsonb_to_recordset($1) as r (id uuid, type text, manufacturer jsonb, model text,
         code text, elements jsonb, certifications jsonb, qualifications jsonb,
         revision integer, position bigint)`,
      [JSON.stringify(products)],
    );
    await client.query(
      `insert into bench.product_history
       select "productId", revision, position, "recordedAt", "occurredAt", event, actor, source,
              reason, evidence, changes
       from jsonb_to_recordset($1) as r ("productId" uuid, revision integer, position bigint,
         "recordedAt" timestamptz, "occurredAt" timestamptz, event text, actor jsonb,
         source text, reason text, evidence jsonb, changes jsonb)`,
      [JSON.stringify(history)],
    );
    await client.query('analyze');
  } finally {
    await client.end();
  }
};

const accepted = (reply: Reply): Reply => {
  if (reply.status < 300) return reply;
  throw new Error(`the bench was answered ${String(reply.status)}: ${reply.text}`);
};

/** Some at once, in the order of their numbers. */
const inTurns = async <T>(count: number, make: (n: number) => Promise<T>): Promise<T[]> => {
  const made: T[] = [];
  while (made.length < count) {
    const turn = Array.from({ length: Math.min(atOnce, count - made.length) });
    made.push(...(await Promise.all(turn.map((_, index) => make(made.length + index)))));
  }
  return made;
};

// What another user of the machine tries against a running Voltrace: run as that user by
// other-user.e2e.spec.ts, with what there is to attack as JSON in the first argument.
// Prints, as JSON, how each attempt was refused; null where it was not.
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import pg from 'pg';

const { dataDir, parts, url } = JSON.parse(process.argv[2]);

const append = async (connection) => {
  const client = EventStoreDBClient.connectionString(connection);
  const id = randomBytes(16).toString('hex');
  const secretSha256 = createHash('sha256').update('mine').digest('hex');
  const data = { keyId: id, name: 'mine', roles: ['admin'], secretSha256 };
  try {
    await client.appendToStream(`apiKey-${id}`, jsonEvent({ type: 'ApiKeyIssued', data }), {
      expectedRevision: NO_STREAM,
      deadline: 10_000,
    });
  } finally {
    await client.dispose();
  }
};

const connect = async (connectionString) => {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  await client.end();
};

const ask = async (base, path) => {
  const answer = await fetch(base + path, { headers: { authorization: 'Bearer guessed' } });
  const body = await answer.text();
  if (answer.status !== 401) throw new Error(`let in: ${answer.status} ${body}`);
  throw new Error('401');
};

/** Of these parts only up or down is for everybody. */
const details = async (base) => {
  const shown = Object.keys(await (await fetch(`${base}/health/ready`)).json());
  if (shown.join() !== 'status') return;
  throw new Error('shows the status alone');
};

const local = (name) => `http://127.0.0.1:${parts[name].port}`;
const node = `127.0.0.1:${parts['event-node'].port}`;
const postgres = `127.0.0.1:${parts.postgres.port}`;
const files = [
  'admin.key',
  'supervision.key',
  'postgres.json',
  'run.json',
  'certificates/client.key',
];
const served = ['consumers'];

const attempts = {
  'append without TLS': () => append(`esdb://${node}?tls=false`),
  'append without a certificate': () => append(`esdb://${node}?tls=true&tlsVerifyCert=false`),
  'PostgreSQL without a password': () => connect(`postgres://postgres@${postgres}/postgres`),
  'PostgreSQL with a guess': () => connect(`postgres://voltrace:voltrace@${postgres}/voltrace`),
  'list the data folder': () => readdirSync(dataDir),
  'write into the data folder': () => writeFileSync(join(dataDir, 'admin.key'), 'mine'),
  ...Object.fromEntries(
    files.map((file) => [`read ${file}`, () => readFileSync(join(dataDir, file))]),
  ),
  'metrics of the api': () => ask(url, '/metrics'),
  'the log from the api': () => ask(url, '/v1/events'),
  ...Object.fromEntries(
    served.flatMap((name) => [
      [`metrics of the ${name}`, () => ask(local(name), '/metrics')],
      [`the health of the ${name}`, () => details(local(name))],
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(parts).flatMap(([name, { pid }]) => [
      [`end the ${name}`, () => process.kill(pid)],
      [`the environment of the ${name}`, () => readFileSync(`/proc/${pid}/environ`)],
    ]),
  ),
};

const refused = {};
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    await attempt();
    refused[name] = null;
  } catch (error) {
    refused[name] = `${error.code ?? ''} ${error.message}`.trim();
  }
}
process.stdout.write(JSON.stringify(refused));
process.exit(0);

import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { ANY, NO_STREAM, UnavailableError } from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { freePort } from '#embedded/free-port.js';
import { compiledRoot } from '#testing/build.js';
import { startEventNode } from '#testing/event-node.js';
import { until } from '#testing/until.js';

import { follow } from './follow.js';
import { batch, batchOptions, proposed, rawClient } from './raw.js';
import { type OwnStore, startStore } from './store.js';
import { describeNodeOnly } from './suite.js';
import {
  appendTo,
  at,
  failureOf,
  idsIn,
  marker,
  newStream,
  own,
  ownAfter,
  thing,
  things,
} from './support.js';

/** Shared by the tests: each leaves it running, on connections that are new for the next one. */
let store: OwnStore;
let client: OwnStore['client'];
let healthPort: number;

const inDatabase = async <T extends pg.QueryResultRow>(sql: string): Promise<T[]> => {
  const session = new pg.Client(store.databaseUrl);
  await session.connect();
  try {
    return (await session.query<T>(sql)).rows;
  } finally {
    await session.end();
  }
};

const reconnect = async (): Promise<void> => {
  await client.dispose();
  client = store.connect();
};

/** Starts the node without waiting for it to serve. */
const runNode = async (
  env: Record<string, string>,
): Promise<{ code: number | null; output: string }> => {
  const script = join(compiledRoot, 'apps', 'event-node', 'main.js');
  const child = spawn(process.execPath, [script], { env: { PATH: process.env['PATH'], ...env } });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), 45_000);
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
};

describeNodeOnly('the node', () => {
  beforeAll(async () => {
    healthPort = await freePort();
    store = await startStore({ EVENT_NODE_HEALTH_PORT: String(healthPort) });
  });
  beforeEach(() => {
    client = store.connect();
  });
  // What breaks one connection of the client's fails the appends of all others in its process.
  afterEach(() => client.dispose());
  afterAll(() => store.stop());

  it('refuses to start beside another on the same database', async () => {
    await expect(startEventNode({ databaseUrl: store.databaseUrl })).rejects.toThrow(
      /another event node/,
    );
    await appendTo({ client }, newStream(), thing(), NO_STREAM);
  });

  it.each(['0.0.0.0', '192.0.2.1'])(
    'refuses to start on %s and with other wrong settings, and says what is wrong with each',
    async (host) => {
      const { code, output } = await runNode({
        EVENT_NODE_HOST: host,
        EVENT_NODE_PORT: 'many',
        EVENT_NODE_DATABASE_URL: 'mysql://secret@x/y',
      });
      expect(code).not.toBe(0);
      expect(output).toMatch(/EVENT_NODE_HOST.*loopback/);
      expect(output).toMatch(/EVENT_NODE_PORT.*65535/);
      expect(output).toMatch(/EVENT_NODE_DATABASE_URL.*postgres:/);
      expect(output).not.toMatch(/secret/);
    },
  );

  it('ends when it loses its writing session, and the next one goes on where it was', async () => {
    const stream = newStream();
    const { position } = await appendTo({ client }, stream, things(2), NO_STREAM);
    const [session] = await inDatabase<{ ended: boolean }>(
      "select pg_terminate_backend(pid) as ended from pg_stat_activity where application_name = 'voltrace-event-node-writer' and datname = current_database()",
    );
    expect(session?.ended).toBe(true);
    await until('it ended', () => !store.node.isRunning);
    await store.node.restart();
    await reconnect();
    const next = await client.appendToStream(stream, thing(), { expectedRevision: 1n });
    expect(next.position!.commit).toBeGreaterThan(position!.commit);
  });

  it('ends without a word to the writer when its epoch was ended by another', async () => {
    await appendTo({ client }, newStream(), thing(), NO_STREAM);
    await inDatabase('update epoch set epoch = epoch + 1');
    const stream = newStream();
    const outcome = await Promise.race([
      appendTo({ client }, stream, thing(), NO_STREAM).then(
        () => 'acknowledged',
        () => 'refused',
      ),
      until('it ended', () => !store.node.isRunning).then(() => 'ended'),
    ]);
    expect(outcome).not.toBe('acknowledged');
    await until('it ended', () => !store.node.isRunning);
    await store.node.restart();
    expect(await inDatabase(`select 1 from events where stream = '${stream}'`)).toEqual([]);
  });

  it('refuses appends while there is no room, goes on reading, and takes appends again', async () => {
    const stream = newStream();
    await appendTo({ client }, stream, things(2), NO_STREAM);
    await inDatabase(`
      create function no_room() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
      create trigger no_room before insert on events for each row execute function no_room()`);
    const refused = await failureOf(
      client.appendToStream(stream, thing(), {
        expectedRevision: 1n,
        credentials: { username: 'a', password: 'b' },
      }),
    );
    expect(refused).toBeInstanceOf(UnavailableError);
    expect(refused.message).toMatch(/No space left/);
    await reconnect();
    expect(
      await failureOf(client.appendToStream(newStream(), thing(), { expectedRevision: NO_STREAM })),
    ).toBeInstanceOf(Error);
    expect(await idsIn({ client }, stream)).toHaveLength(2);
    await until('it says so', () => store.node.output.includes('appends refused'));
    await inDatabase('drop trigger no_room on events');
    await client.appendToStream(stream, thing(), { expectedRevision: 1n });
    expect(await idsIn({ client }, stream)).toHaveLength(3);
    await until('it says so', () => store.node.output.includes('appends taken again'));
  });

  it('takes appends while a reader waits for a slow lookup', async () => {
    await inDatabase(`
      insert into events select max(position) + 1000, 'slow', 0, gen_random_uuid(), 'T', true, '{}', '', 1 from events;
      alter table events enable row level security;
      alter table events force row level security;
      create policy written on events for insert with check (true);
      create policy seen on events for select
        using (stream <> 'slow' or pg_advisory_xact_lock_shared(1) is not null)`);
    const lookups = () =>
      inDatabase(`
        select 1 from pg_stat_activity where datname = current_database()
        and wait_event = 'advisory' and query like '%as wanted(name)%'`);
    const blocker = new pg.Client(store.databaseUrl);
    await blocker.connect();
    await blocker.query('select pg_advisory_lock(1)');
    try {
      idsIn({ client: store.connect() }, 'slow').catch(() => undefined);
      await until('the lookup runs', async () => (await lookups()).length > 0);
      await appendTo({ client }, newStream(), thing(), NO_STREAM);
      expect(await lookups()).toHaveLength(1);
    } finally {
      await blocker.end();
      await inDatabase(`
        alter table events disable row level security;
        drop policy written on events;
        drop policy seen on events;
        delete from events where stream = 'slow'`);
    }
  });

  it('shows by its health how long Postgres has not answered a commit, and when it is over', async () => {
    const health = async () => {
      const answer = await fetch(`http://127.0.0.1:${healthPort}/health`);
      return { status: answer.status, ...((await answer.json()) as object) };
    };
    expect((await fetch(`http://127.0.0.1:${healthPort}/`)).status).toBe(404);
    expect(await health()).toEqual({ status: 200, accepting: true, waitingMs: 0 });
    const blocker = new pg.Client(store.databaseUrl);
    await blocker.connect();
    await blocker.query('begin; select 1 from epoch for update');
    const appended = appendTo({ client }, newStream(), thing(), NO_STREAM);
    await until('it is not ready', async () => (await health()).status === 503);
    expect(await health()).toMatchObject({
      accepting: false,
      reason: expect.stringContaining('does not answer'),
      waitingMs: expect.any(Number),
    });
    await blocker.end();
    await appended;
    expect(await health()).toEqual({ status: 200, accepting: true, waitingMs: 0 });
  });

  it('answers an append once, though its lookup fails after it came too late', async () => {
    const blocker = new pg.Client(store.databaseUrl);
    await blocker.connect();
    await blocker.query('begin; lock table events');
    const raw = rawClient(store);
    const call = raw.batchAppend();
    const answers: unknown[] = [];
    call.on('data', (answer) => answers.push(answer));
    const options = batchOptions(newStream()).setAny(new shared.Empty());
    call.write(batch({ options, messages: [proposed()] }));
    await until('it came too late', () => answers.length > 0);
    await inDatabase(
      "select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'voltrace-event-node-lookups' and datname = current_database() and state = 'active'",
    );
    await blocker.end();
    call.end();
    await new Promise((resolve) => call.on('end', resolve));
    expect(answers).toHaveLength(1);
    raw.close();
  });

  it('finishes what it took when it is told to stop, and exits with 0', async () => {
    const streams = Array.from({ length: 200 }, () => newStream());
    const answers = streams.map((stream) =>
      appendTo({ client }, stream, thing(), NO_STREAM).then(
        () => stream,
        () => undefined,
      ),
    );
    await answers[0];
    await store.node.stop();
    const acknowledged = (await Promise.all(answers)).filter((stream) => stream !== undefined);
    await store.node.restart();
    await reconnect();
    const stored = await Promise.all(acknowledged.map((stream) => idsIn({ client }, stream)));
    expect(stored.map(({ length }) => length)).toEqual(acknowledged.map(() => 1));
  });

  it('starts at once on a log of many streams, and holds little of it', async () => {
    const { position } = await appendTo({ client }, newStream(), thing(), NO_STREAM);
    const head = position!.commit;
    const restarted = async (): Promise<number> => {
      await store.node.stop();
      const started = performance.now();
      await store.node.restart();
      return performance.now() - started;
    };
    const onNothing = await restarted();
    await store.node.stop();
    const count = 100_000;
    await inDatabase(`
      insert into events select ${head} + n * 3, '${own}.many-' || n, 0, gen_random_uuid(), 'T', true, '{}', '', n
      from generate_series(1, ${count}) n`);
    // A start of Node itself takes most of it, the more the busier the machine is.
    expect(await restarted()).toBeLessThan(10_000 + 5 * onNothing);
    await reconnect();
    const next = await client.appendToStream(`${own}.many-777`, thing(), { expectedRevision: 0n });
    const last = head + BigInt(count * 3);
    expect(next.position!.commit).toBeGreaterThan(last);
    const followed = follow(client, { fromPosition: at(last - 3n * 334n) });
    await until('it caught up', () => followed.caughtUp > 0);
    expect(followed.events.length).toBe(335);
    await followed.stop();
  });

  it('loses and doubles nothing in a burst of connections and appends', async () => {
    const from = await marker({ client });
    const clients = Array.from({ length: 10 }, () => store.connect());
    const streams = Array.from({ length: 500 }, () => newStream('burst'));
    await Promise.all(
      streams.map((stream, n) => appendTo({ client: clients[n % 10]! }, stream, things(2), ANY)),
    );
    const all = await ownAfter({ client }, from);
    expect(all.filter(({ event }) => event?.streamId.startsWith(`${own}.burst-`))).toHaveLength(
      1_000,
    );
  });
});

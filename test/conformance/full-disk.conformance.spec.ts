import { ANY, NO_STREAM, UnavailableError } from '@eventstore/db-client';
import { expect, it } from 'vitest';

import { freePort } from '#embedded/free-port.js';
import { FullDisk } from '#testing/full-disk.js';
import { until } from '#testing/until.js';

import { newCategory, readDerived, streamOf } from './derived.js';
import { startStore } from './store.js';
import { describeNodeOnly } from './suite.js';
import { appendTo, classic, failureOf, idsIn, newStream, thing } from './support.js';

describeNodeOnly('on a disk without its reserve', () => {
  it('refuses appends, is not ready, goes on reading, and comes back by itself', async () => {
    const disk = new FullDisk();
    const port = await freePort();
    const store = await startStore({ ...disk.env, EVENT_NODE_HEALTH_PORT: String(port) });
    const health = async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/health`);
      return { status: answer.status, ...((await answer.json()) as object) };
    };
    try {
      const stream = newStream();
      await appendTo(store, stream, thing(), NO_STREAM);
      disk.fill();
      await until('it is not ready', async () => (await health()).status === 503);
      expect(await health()).toMatchObject({
        accepting: false,
        reason: 'disk full: 0 MiB free, and 32 MiB are kept in reserve',
      });
      const refused = await failureOf(
        store.client.appendToStream(stream, thing(), { expectedRevision: ANY, ...classic }),
      );
      expect(refused).toBeInstanceOf(UnavailableError);
      expect(refused.message).toContain('disk full');
      const client = store.connect();
      expect(await idsIn({ client }, stream)).toHaveLength(1);
      expect(store.node.output).toContain('disk full: appends and uploads are refused');

      disk.clear();
      await until('it is ready', async () => (await health()).status === 200);
      await client.appendToStream(stream, thing(), { expectedRevision: 0n });
    } finally {
      await store.stop();
      disk.remove();
    }
  });

  it('adds no links, shows those that there are, and goes on by itself', async () => {
    const disk = new FullDisk();
    const store = await startStore(disk.env);
    const refusals = () => store.node.output.split('disk full: appends').length - 1;
    try {
      const category = newCategory();
      const ce = `$ce-${category}`;
      await appendTo(store, streamOf(category), thing(), NO_STREAM);
      expect(await readDerived(store, ce)).toHaveLength(1);
      disk.fill();
      await until('it refuses', () => refusals() === 1);
      expect(await readDerived(store, ce)).toHaveLength(1);
      disk.clear();
      await until('it takes appends', () => store.node.output.includes('appends taken again'));
      await appendTo(store, streamOf(category), thing(), NO_STREAM);
      disk.fill();
      await until('it refuses again', () => refusals() === 2);
      const client = store.connect();
      expect(await failureOf(readDerived({ client }, ce))).toBeInstanceOf(UnavailableError);
      disk.clear();
      await until('it adds links', async () => {
        const read = readDerived({ client: store.connect() }, ce);
        return (await read.catch(() => [])).length === 2;
      });
    } finally {
      await store.stop();
      disk.remove();
    }
  });
});

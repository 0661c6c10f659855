import { get } from 'node:http';

import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { heartbeat, ndjsonLines, sendLines } from './export.js';

let server: FastifyInstance;
afterEach(async () => {
  server.server.closeAllConnections();
  await server.close();
});

const serve = async (lines: () => AsyncGenerator<string>): Promise<string> => {
  server = fastify();
  server.get('/', (_request, reply) => {
    sendLines(reply, lines(), { format: 'ndjson', filename: 'x.ndjson' });
  });
  return server.listen({ port: 0, host: '127.0.0.1' });
};

const line = `${'x'.repeat(1023)}\n`;
const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('a streamed answer', () => {
  it('sends a heartbeat at once, with what came before it', async () => {
    let goOn = (): void => undefined;
    const seen = new Promise<void>((resolve) => (goOn = resolve));
    const url = await serve(() =>
      ndjsonLines(
        (async function* () {
          yield { a: 1 };
          yield heartbeat;
          await seen;
          yield { b: 2 };
        })(),
      ),
    );
    const reader = (await fetch(url)).body?.getReader();
    const first = Buffer.from((await reader?.read())?.value ?? []).toString();
    expect(first).toBe('{"a":1}\n\n');
    goOn();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('{"b":2}\n');
  });

  it('arrives whole', async () => {
    const url = await serve(async function* () {
      for (let i = 0; i < 2_000; i += 1) {
        if (i % 100 === 0) await tick();
        yield line;
      }
    });
    const answer = await fetch(url);
    expect(answer.headers.get('content-type')).toMatch('application/x-ndjson');
    expect(answer.headers.get('content-disposition')).toMatch('x.ndjson');
    expect(await answer.text()).toHaveLength(2_000 * 1024);
  });

  it('breaks off where an error comes in the middle, so that half of it never looks whole', async () => {
    const url = await serve(async function* () {
      for (let i = 0; i < 200; i += 1) yield line;
      await tick();
      throw new Error('the store is gone');
    });
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
  });

  it('is an error answer where the error comes first', async () => {
    // eslint-disable-next-line require-yield -- it fails before it could
    const url = await serve(async function* () {
      await tick();
      throw new Error('the store is gone');
    });
    expect((await fetch(url)).status).toBe(500);
  });

  it('goes no faster than its reader, and stops when he leaves', async () => {
    let made = 0;
    let returned = false;
    const url = await serve(async function* () {
      try {
        for (;;) {
          await tick();
          made += 1;
          yield line;
        }
      } finally {
        returned = true;
      }
    });
    // With a listener and no reading, the answer stays where it is.
    const leaving = get(url, () => undefined);
    leaving.on('error', () => undefined);
    // Once all that lies between the two is full.
    await until('no more is made', async () => {
      const before = made;
      await new Promise((resolve) => setTimeout(resolve, 500));
      return before > 0 && made === before;
    });
    leaving.destroy();
    await until('it was told', () => returned);
  });
});

import { once } from 'node:events';
import { connect } from 'node:net';

import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';

import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { until } from '#testing/until.js';

import { ProblemDetailsFilter } from './problem-details.filter.js';
import { announceSlowAnswers } from './processing.js';
import { installRequestHooks } from './server.js';

let server: FastifyInstance;
afterEach(async () => {
  server.server.closeAllConnections();
  await server.close();
});

const socketTo = async (url: string) => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
};

interface Line {
  readonly level: string;
  readonly status: number;
}

describe('a caller who hangs up in the midst of his body', () => {
  it('is a closed request, and no outage of anything', async () => {
    const lines: Line[] = [];
    const stream = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
    const metrics = new Metrics({ processMetrics: false });
    const logger = Logger.create({ app: 'test', level: 'debug', stream });
    const filter = new ProblemDetailsFilter(logger, metrics);
    server = fastify();
    installRequestHooks(server, metrics);
    server.setErrorHandler((error, request, reply) => filter.answer(error, request, reply));
    server.post('/', () => ({}));
    server.addHook('preParsing', (_request, _reply, payload, done) => {
      arrived();
      done(null, payload);
    });
    let arrived = (): void => undefined;
    const reading = new Promise<void>((resolve) => (arrived = resolve));
    const socket = await socketTo(await server.listen({ port: 0, host: '127.0.0.1' }));
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n');
    socket.write('content-length: 100\r\n\r\n{');
    await reading;
    socket.destroy();
    await until('a line in the log', () => lines.length > 0);
    expect(lines).toMatchObject([{ level: 'debug', status: 499 }]);
    expect((await metrics.render()).body).not.toMatch(/status="5\d\d"/);
  });
});

describe('a caller who waits long', () => {
  it('is told that the answer is being made', async () => {
    let finish = (): void => undefined;
    const asked = new Promise<void>((resolve) => (finish = resolve));
    server = fastify();
    announceSlowAnswers(server, 10);
    server.get('/', async () => {
      await asked;
      return { made: true };
    });
    const url = await server.listen({ port: 0, host: '127.0.0.1' });
    const socket = await socketTo(url);
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    const processing = /^(HTTP\/1\.1 102 Processing\r\n\r\n){3}/;
    await until('three lines', () => processing.test(received));
    // What Node's own client makes of it.
    const answer = fetch(url).then((response) => response.json());
    finish();
    expect(await answer).toEqual({ made: true });
    await until('the answer', () => received.includes('HTTP/1.1 200 OK\r\n'));
    socket.destroy();
  });
});

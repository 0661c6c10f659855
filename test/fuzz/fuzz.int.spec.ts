import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, it } from 'vitest';

import { readCodes, readOperations } from './document.js';
import { fuzz, type FuzzReport } from './fuzz.js';

const documented = {
  operations: readOperations('docs/openapi.json'),
  codes: readCodes('docs/problems.generated.md'),
  concurrency: 8,
};

describe('an answer that is not documented', () => {
  const served = async (listener: RequestListener): Promise<FuzzReport> => {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const url = `http://127.0.0.1:${String(port)}`;
      return await fuzz({ ...documented, url, keys: [''], seed: 1, requests: 60 });
    } finally {
      closed(server);
    }
  };
  const closed = (server: Server): void => {
    server.closeAllConnections();
    server.close();
  };
  const problem = (code: string, status: number): string =>
    JSON.stringify({
      type: 't',
      title: 't',
      status,
      detail: 'd',
      instance: 'i',
      code,
      trace_id: 'x',
    });

  it.each<[string, RequestListener, string]>([
    [
      'a page of HTML',
      (_, reply) => reply.writeHead(400, { 'content-type': 'text/html' }).end('<p>'),
      'no problem document',
    ],
    [
      'a bug',
      (_, reply) =>
        reply
          .writeHead(500, { 'content-type': 'application/problem+json' })
          .end(problem('INTERNAL', 500)),
      '500 ',
    ],
    [
      'an unknown code',
      (_, reply) =>
        reply
          .writeHead(400, { 'content-type': 'application/problem+json' })
          .end(problem('ODD', 400)),
      'ODD with 400',
    ],
    [
      'another status',
      (_, reply) =>
        reply
          .writeHead(404, { 'content-type': 'application/problem+json' })
          .end(problem('BODY_INVALID', 400)),
      'but the document says',
    ],
    ['an odd success', (_, reply) => reply.writeHead(299).end(), 'success 299'],
    ['silence', (request) => request.socket.destroy(), 'no answer'],
  ])('is found: %s', async (_name, listener, fault) => {
    const { faults } = await served(listener);
    expect([...faults.keys()].join('\n')).toContain(fault);
  });
});

import type { Readable } from 'node:stream';

import type { FastifyReply } from 'fastify';

/** How much longer a refused upload may go on before its connection is cut. */
const drainMs = 5_000;

/**
 * The body of a route that `AcceptsStream`. A refusal in its midst must not tear the connection down before
 * the answer is out: the rest is read and thrown away for a while.
 */
export const streamedBody = (body: Readable) => ({
  chunks: {
    [Symbol.asyncIterator]: (): AsyncIterator<Uint8Array> =>
      body.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>,
  },
  drain: (reply: FastifyReply): void => {
    if (body.readableEnded || body.destroyed) return;
    void reply.header('connection', 'close');
    body.on('error', () => undefined);
    body.resume();
    setTimeout(() => body.destroy(), drainMs).unref();
  },
});

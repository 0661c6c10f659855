import type { FastifyInstance } from 'fastify';

/**
 * Informs whoever waits for a slow answer (a preview, a dry run) that it is being made: 102 Processing,
 * every `everyMs` milliseconds until the answer begins. A silent connection is cut, by us and by proxies.
 */
export const announceSlowAnswers = (server: FastifyInstance, everyMs: number): void => {
  server.addHook('onRequest', (request, reply, done) => {
    // Informational answers came with HTTP/1.1.
    if (request.raw.httpVersion === '1.1') {
      const timer = setInterval(() => {
        if (reply.raw.headersSent || reply.raw.destroyed) clearInterval(timer);
        else reply.raw.writeProcessing();
      }, everyMs).unref();
      reply.raw.once('close', () => clearInterval(timer));
    }
    done();
  });
};

import type { IncomingMessage } from 'node:http';

/** Of a refused body, at most so much is read to no purpose, in bytes. */
const maxDiscarded = 16 * 1024 * 1024;

/**
 * Reads and drops what is left of a body, so that whoever is still sending gets to see the answer. The
 * connection is cut after 16 MiB or `maxMs` milliseconds.
 */
export const discardBody = (request: IncomingMessage, maxMs: number): void => {
  if (request.complete || request.destroyed) return;
  const cut = () => request.socket.destroy();
  const timer = setTimeout(cut, maxMs).unref();
  let left = maxDiscarded;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  request.on('error', () => undefined);
  request.once('end', () => clearTimeout(timer));
  request.once('close', () => clearTimeout(timer));
  request.resume();
};

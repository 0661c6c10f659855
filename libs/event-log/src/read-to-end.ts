import type { Readable, Transform } from 'node:stream';

import type { StreamingRead } from '@eventstore/db-client';
import { status as codes, type StatusObject } from '@grpc/grpc-js';

import { LogUnavailable } from './event-log.js';

/** How long a read may stand still before its connection is given up as dead. */
const readIdleMs = 10_000;

/**
 * What a read of the client answers, to its end.
 *
 * The client lets a read whose call was cancelled on our side (its connection was given up) end like
 * one that is complete. So it is the server's status that tells an end, and without an OK this throws.
 * The client's reads also have no deadline, and leave their call open when they are not read to the end.
 *
 * `giveUp` is called when the server has sent nothing for ten seconds.
 */
export async function* readToEnd<T>(
  read: StreamingRead<T>,
  giveUp: () => void,
): AsyncGenerator<T, void, undefined> {
  const stream = read as StreamingRead<T> & Transform;
  let status: StatusObject | undefined;
  stream.once('pipe', (call: Readable) => {
    call.once('status', (received: StatusObject) => {
      status = received;
    });
  });
  // An error that comes after the reader has left concerns nobody.
  stream.on('error', () => undefined);
  endQuietlyWhereMissing(stream);
  let ended = false;
  let reading = true;
  const idle = setTimeout(() => {
    // It is the reader who takes his time.
    if (!reading) return;
    giveUp();
    stream.destroy(new LogUnavailable(`a read stood still for ${String(readIdleMs)} ms`));
  }, readIdleMs);
  try {
    for await (const item of stream as AsyncIterable<T>) {
      reading = false;
      yield item;
      reading = true;
      idle.refresh();
    }
    ended = true;
  } finally {
    clearTimeout(idle);
    if (!ended) void read.cancel().catch(() => undefined);
  }
  if (status?.code !== codes.OK) {
    const reason = status ? `status ${String(status.code)}, ${status.details}` : 'no status';
    throw new LogUnavailable(`a read was broken off before its end (${reason})`);
  }
}

/**
 * Lets the read of a missing stream end by itself, as an empty one. The client destroys such a call,
 * which resets it on the wire, and many HTTP/2 servers (Node's among them: 1,000 at once, 33 a second)
 * take a row of resets for an attack and close the connection with everything that is under way on it.
 */
const endQuietlyWhereMissing = (stream: Transform): void => {
  const transform = stream._transform.bind(stream);
  stream._transform = (answer: { hasStreamNotFound?(): boolean }, encoding, done) => {
    if (answer.hasStreamNotFound?.() === true) done();
    else transform(answer, encoding, done);
  };
};

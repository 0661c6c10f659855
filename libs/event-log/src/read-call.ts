import { convertToCommandError, type EventStoreDBClient } from '@eventstore/db-client';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { status as codes, type StatusObject } from '@grpc/grpc-js';

import { LogUnavailable } from './event-log.js';
import { type OpenRead, openRead } from './streams-client.js';
import type { Answer } from './wire-event.js';

/** A read or a subscription, from its request to the server's status. To be iterated once. */
export class ReadCall {
  private call: OpenRead | undefined;
  private status: StatusObject | undefined;
  private readonly opening: Promise<OpenRead>;
  /** Why it is broken off before its end. */
  private broken: Error | undefined;
  private whenBroken: ((error: Error) => void) | undefined;

  constructor(client: EventStoreDBClient, request: streams.ReadReq, requiresLeader: boolean) {
    this.opening = openRead(client, request, requiresLeader, (call) => {
      this.call = call;
      call.once('status', (status: StatusObject) => {
        this.status = status;
      });
      // An error that comes after the reader has left concerns nobody.
      call.on('error', () => undefined);
    });
  }

  /**
   * The entries of the log that the server sends. Ends where the server says that it is the end, and
   * throws where anything else ends it: an error of the server, or the call broken off.
   */
  async *entries(): AsyncGenerator<Answer, void, undefined> {
    try {
      const answers: AsyncIterable<Answer> = await this.open();
      for await (const answer of answers) if (answer.isEntry) yield answer;
    } catch (error) {
      throw convertToCommandError(error as Error);
    }
    if (this.status?.code !== codes.OK) {
      const { code, details = 'no status' } = this.status ?? {};
      throw new LogUnavailable(`a read was broken off before its end (${code ?? ''} ${details})`);
    }
  }

  /** Lets the iteration throw `error`. */
  breakOff(error: Error): void {
    this.broken = error;
    this.whenBroken?.(error);
    this.cancel();
    this.call?.destroy(error);
  }

  /** Ends the call, in a later turn of the loop: one that was only just opened would stay open. */
  cancel(): void {
    this.opening.then(
      (call) =>
        setImmediate(() => {
          call.cancel();
        }),
      () => undefined,
    );
  }

  private open(): Promise<OpenRead> {
    const broken = new Promise<never>((_, reject) => {
      if (this.broken) reject(this.broken);
      this.whenBroken = reject;
    });
    return Promise.race([this.opening, broken]);
  }
}

import { randomUUID } from 'node:crypto';

import shared from '@eventstore/db-client/generated/shared_pb.js';
import services, { type StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { Metadata, type ServiceError } from '@grpc/grpc-js';

import { addressOf, credentialsOf } from './address.js';
import type { Store } from './store.js';
import { newStream } from './support.js';

/** The protocol itself, for what the client does not let one say or see. */
export const rawClient = (store: Pick<Store, 'url'>): StreamsClient =>
  new services.StreamsClient(addressOf(store), credentialsOf(store), {
    'grpc.max_receive_message_length': 17 * 1024 * 1024,
    'grpc.use_local_subchannel_pool': 1,
  });

export const identifier = (stream: string): shared.StreamIdentifier =>
  new shared.StreamIdentifier().setStreamName(Buffer.from(stream));

export const uuidOf = (id: string = randomUUID()): shared.UUID => new shared.UUID().setString(id);

export const structuredUuid = (id: string): shared.UUID => {
  const bits = BigInt(`0x${id.replaceAll('-', '')}`);
  return new shared.UUID().setStructured(
    new shared.UUID.Structured()
      .setMostSignificantBits(BigInt.asIntN(64, bits >> 64n).toString())
      .setLeastSignificantBits(BigInt.asIntN(64, bits).toString()),
  );
};

export const structuredText = (uuid: shared.UUID | undefined): string => {
  const high = BigInt.asUintN(64, BigInt(uuid?.getStructured()?.getMostSignificantBits() ?? 0));
  const low = BigInt.asUintN(64, BigInt(uuid?.getStructured()?.getLeastSignificantBits() ?? 0));
  const hex = ((high << 64n) | low).toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

export interface ProposedOptions {
  readonly id?: shared.UUID;
  readonly type?: string | null;
  readonly contentType?: string | null;
  readonly data?: Uint8Array;
}

export const proposed = ({
  id = uuidOf(),
  type = 'ThingHappened',
  contentType = 'application/json',
  data = Buffer.from('{}'),
}: ProposedOptions = {}): streams.BatchAppendReq.ProposedMessage => {
  const message = new streams.BatchAppendReq.ProposedMessage().setId(id).setData(data);
  if (type !== null) message.getMetadataMap().set('type', type);
  if (contentType !== null) message.getMetadataMap().set('content-type', contentType);
  return message;
};

export const batchOptions = (stream: string): streams.BatchAppendReq.Options =>
  new streams.BatchAppendReq.Options().setStreamIdentifier(identifier(stream));

/** Of an append that takes the stream as it is. */
export const anyRevision = (stream = newStream()): streams.BatchAppendReq.Options =>
  batchOptions(stream).setAny(new shared.Empty());

export interface BatchParts {
  readonly correlation?: shared.UUID;
  readonly options?: streams.BatchAppendReq.Options;
  readonly messages?: streams.BatchAppendReq.ProposedMessage[];
  readonly isFinal?: boolean;
}

export const batch = (parts: BatchParts): streams.BatchAppendReq =>
  new streams.BatchAppendReq()
    .setCorrelationId(parts.correlation ?? uuidOf())
    .setOptions(parts.options)
    .setProposedMessagesList(parts.messages ?? [])
    .setIsFinal(parts.isFinal ?? true);

/** An append of one event to a new stream. */
export const anyBatch = (): streams.BatchAppendReq =>
  batch({ options: anyRevision(), messages: [proposed()] });

/** Runs `work` with a client of the protocol itself. */
export const withRaw = async <T>(
  store: Pick<Store, 'url'>,
  work: (client: StreamsClient) => Promise<T>,
): Promise<T> => {
  const client = rawClient(store);
  try {
    return await work(client);
  } finally {
    client.close();
  }
};

const PATIENCE_MS = 30_000;

export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

export interface Due {
  /** How many answers are waited for. Default 1. */
  readonly answers?: number;
  /** How long is waited for them; then what came is handed on in a `NoAnswer`. */
  readonly withinMs?: number;
  /** How long is waited for more of them than are due. */
  readonly surplusMs?: number;
  /**
   * Sent when those came that are due: until it is answered, more of them are waited for. Its own answer
   * is none of them.
   */
  readonly last?: streams.BatchAppendReq;
}

/**
 * Sends `requests` over one call, collects the answers that are due, and cancels the call. It is not
 * half-closed: a server may lose answers that are due then, and not end the call.
 */
export const batchAppend = (
  client: StreamsClient,
  requests: readonly streams.BatchAppendReq[],
  { answers: due = 1, withinMs = PATIENCE_MS, surplusMs = 0, last }: Due = {},
): Promise<streams.BatchAppendResp[]> =>
  new Promise((resolve, reject) => {
    const answers: streams.BatchAppendResp[] = [];
    const call = client.batchAppend();
    let timer: NodeJS.Timeout;
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      call.cancel();
      if (error === undefined) resolve(answers);
      else reject(error);
    };
    const missing = (): void =>
      settle(new NoAnswer(`${answers.length} of ${due} answers came within ${withinMs} ms`));
    timer = setTimeout(missing, withinMs);
    const settleSoon = (): void => {
      if (last !== undefined) {
        call.write(last);
        return;
      }
      clearTimeout(timer);
      timer = setTimeout(settle, surplusMs);
    };
    const lastId = last?.getCorrelationId()?.getString();
    call.on('data', (answer: streams.BatchAppendResp) => {
      if (lastId !== undefined && answer.getCorrelationId()?.getString() === lastId) {
        settle();
        return;
      }
      answers.push(answer);
      if (answers.length === due) settleSoon();
    });
    call.on('error', settle);
    call.on('end', () => settle(new Error(`the call ended after ${answers.length} answers`)));
    for (const request of requests) call.write(request);
    if (due === 0) settleSoon();
  });

/** The name of the message that an answer's error carries. */
export const detailOf = (answer: streams.BatchAppendResp | undefined): string | undefined =>
  answer?.getError()?.getDetails()?.getTypeName();

export const readOptions = (): streams.ReadReq.Options =>
  new streams.ReadReq.Options()
    .setNoFilter(new shared.Empty())
    .setUuidOption(new streams.ReadReq.Options.UUIDOption().setString(new shared.Empty()));

export const allFromStart = (): streams.ReadReq.Options.AllOptions =>
  new streams.ReadReq.Options.AllOptions().setStart(new shared.Empty());

/** All answers of one read, or the status with which it was refused. */
export const read = (
  client: StreamsClient,
  options: streams.ReadReq.Options | undefined,
  withinMs = PATIENCE_MS,
): Promise<streams.ReadResp[]> =>
  new Promise((resolve, reject) => {
    const answers: streams.ReadResp[] = [];
    const call = client.read(new streams.ReadReq().setOptions(options));
    const timer = setTimeout(() => {
      call.cancel();
      reject(new NoAnswer(`the read did not end within ${withinMs} ms`));
    }, withinMs);
    call.on('data', (answer: streams.ReadResp) => answers.push(answer));
    call.on('error', (error: ServiceError) => {
      clearTimeout(timer);
      reject(error);
    });
    call.on('end', () => {
      clearTimeout(timer);
      resolve(answers);
    });
  });

/** One append in a call of its own; what it is answered or refused with. */
export const classicAppend = (
  store: Pick<Store, 'url'>,
  requests: readonly streams.AppendReq[],
): Promise<streams.AppendResp> =>
  withRaw(
    store,
    (client) =>
      new Promise((resolve, reject) => {
        const call = client.append(
          new Metadata(),
          { deadline: Date.now() + PATIENCE_MS },
          (error, answer) => {
            if (error) reject(error);
            else resolve(answer);
          },
        );
        for (const request of requests) call.write(request);
        call.end();
      }),
  );

export const appendOptions = (stream: string): streams.AppendReq =>
  new streams.AppendReq().setOptions(
    new streams.AppendReq.Options()
      .setStreamIdentifier(identifier(stream))
      .setAny(new shared.Empty()),
  );

export const appendMessage = (
  properties: Readonly<Record<string, string>>,
  id: shared.UUID = uuidOf(),
): streams.AppendReq => {
  const event = new streams.AppendReq.ProposedMessage().setId(id).setData(Buffer.from('{}'));
  for (const [key, value] of Object.entries(properties)) event.getMetadataMap().set(key, value);
  return new streams.AppendReq().setProposedMessage(event);
};

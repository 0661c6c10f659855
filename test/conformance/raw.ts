import { randomUUID } from 'node:crypto';

import shared from '@eventstore/db-client/generated/shared_pb.js';
import services, { type StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServiceError } from '@grpc/grpc-js';

import { addressOf, credentialsOf, type Store } from './support.js';

/** The protocol itself, for what the client does not let one say or see. */
export const rawClient = (store: Store): StreamsClient =>
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

/** Sends all of `requests`, ends the call, and collects what comes back until the store ends it, too. */
export const batchAppend = (
  client: StreamsClient,
  requests: readonly streams.BatchAppendReq[],
): Promise<streams.BatchAppendResp[]> =>
  new Promise((resolve, reject) => {
    const answers: streams.BatchAppendResp[] = [];
    const call = client.batchAppend();
    call.on('data', (answer: streams.BatchAppendResp) => answers.push(answer));
    call.on('error', reject);
    call.on('end', () => resolve(answers));
    for (const request of requests) call.write(request);
    call.end();
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
): Promise<streams.ReadResp[]> =>
  new Promise((resolve, reject) => {
    const answers: streams.ReadResp[] = [];
    const call = client.read(new streams.ReadReq().setOptions(options));
    call.on('data', (answer: streams.ReadResp) => answers.push(answer));
    call.on('error', (error: ServiceError) => reject(error));
    call.on('end', () => resolve(answers));
  });

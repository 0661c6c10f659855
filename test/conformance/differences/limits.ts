import { ANY, binaryEvent, NO_STREAM } from '@eventstore/db-client';
import gossip from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import persistent from '@eventstore/db-client/generated/persistent_grpc_pb.js';
import persistentMessages from '@eventstore/db-client/generated/persistent_pb.js';
import projections from '@eventstore/db-client/generated/projections_grpc_pb.js';
import projectionMessages from '@eventstore/db-client/generated/projections_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Client, ServiceError } from '@grpc/grpc-js';

import { addressOf, credentialsOf } from '../address.js';
import { anyRevision, batch, batchAppend, proposed, withRaw } from '../raw.js';
import { appendTo, newStream, thing } from '../support.js';
import { batchAnswer } from './batch-answer.js';
import { answerOf, type Difference } from './difference.js';

const NOT_ASKED = 'not measured';

/** What a batch append to a stream of this name is answered. */
const appendedTo =
  (stream: string): Difference['measure'] =>
  (store) =>
    batchAnswer(
      store,
      batch({
        options: anyRevision(stream),
        messages: [proposed()],
      }),
    );

type Service<C> = new (address: string, credentials: ReturnType<typeof credentialsOf>) => C;

type Call<C> = (client: C, reply: (error: ServiceError | null) => void) => unknown;

/** What calls of another service are answered, all of them. */
const called =
  <C extends Client>(service: Service<C>, ...calls: Call<C>[]): Difference['measure'] =>
  async (store) => {
    const client = new service(addressOf(store), credentialsOf(store));
    const answered = (call: Call<C>): Promise<string> =>
      new Promise((resolve, reject) => {
        call(client, (error) => (error === null ? resolve('served') : reject(error)));
      });
    try {
      const answers = await Promise.all(calls.map((call) => answerOf(answered(call))));
      return [...new Set(answers)].join(', ');
    } finally {
      client.close();
    }
  };

const noPart = 'The node is an event log and nothing else.';

/** Bounds of the node, and parts of a server that it has not. */
export const limitDifferences: readonly Difference[] = [
  {
    key: 'append-over-17-mib',
    situation: 'An append of 17 MiB on the call that a client’s appends share',
    node: 'it is refused, its neighbours are written',
    server: '8 RESOURCE_EXHAUSTED for all of them',
    why: 'Bound sizes before sending.',
    onlyNode: true,
    measure: async (store) => {
      const client = store.connect();
      const mebibytes = (count: number) =>
        binaryEvent({ type: 'Large', data: Buffer.alloc(count * 1024 * 1024) });
      const beside = Promise.all(
        Array.from({ length: 10 }, () => appendTo({ client }, newStream(), thing(), NO_STREAM)),
      ).then(() => 'its neighbours are written');
      const large = client
        .appendToStream(newStream(), [mebibytes(16), mebibytes(1)], { expectedRevision: ANY })
        .then(() => 'it is written')
        .catch(() => 'it is refused');
      return `${await large}, ${await answerOf(beside)}`;
    },
  },
  {
    key: 'append-of-many-events',
    situation: 'An append of more than 20,000 events',
    node: 'MaximumAppendSizeExceeded',
    server: NOT_ASKED,
    why: 'An append is written by one statement.',
    onlyNode: true,
    measure: (store) => {
      const messages = Array.from({ length: 20_001 }, () => proposed({ data: Buffer.alloc(0) }));
      const options = anyRevision();
      return batchAnswer(store, batch({ options, messages }));
    },
  },
  {
    key: 'many-open-appends',
    situation: 'More than 1,000 appends of one batch call whose last message has not come',
    node: '8 RESOURCE_EXHAUSTED',
    server: NOT_ASKED,
    why: 'Each is kept for as long as the call lasts.',
    onlyNode: true,
    measure: (store) =>
      withRaw(store, (raw) => {
        const options = anyRevision();
        const open = Array.from({ length: 1_001 }, () =>
          batch({ options, messages: [proposed()], isFinal: false }),
        );
        // An answer to one of them tells nothing: on a busy machine the first have timed out by then.
        const { length: answers } = open;
        return answerOf(batchAppend(raw, open, { answers }).then(() => 'all are kept'));
      }),
  },
  {
    key: 'long-stream-name',
    situation: 'A stream name of more than 1,024 UTF-8 bytes',
    node: 'BadRequest',
    server: NOT_ASKED,
    why: 'Names are keys of an index.',
    onlyNode: true,
    measure: appendedTo('x'.repeat(1_025)),
  },
  {
    key: 'metadata-of-metadata',
    situation: 'An append to the metadata of a stream of metadata (`$$$$name`)',
    node: 'BadRequest',
    server: NOT_ASKED,
    why: 'Metadata has no metadata.',
    onlyNode: true,
    measure: appendedTo(`$$$$${newStream()}`),
  },
  {
    key: 'persistent-subscriptions',
    situation: 'Persistent subscriptions: create, update, delete, read, list',
    node: '12 UNIMPLEMENTED',
    server: 'served',
    why: noPart,
    onlyNode: true,
    measure: called(
      persistent.PersistentSubscriptionsClient,
      (client, reply) => client.create(new persistentMessages.CreateReq(), reply),
      (client, reply) => client.update(new persistentMessages.UpdateReq(), reply),
      (client, reply) => client.delete(new persistentMessages.DeleteReq(), reply),
      (client, reply) => client.list(new persistentMessages.ListReq(), reply),
      (client, reply) => {
        const call = client.read();
        call.on('error', reply).on('data', () => reply(null));
      },
    ),
  },
  {
    key: 'projections',
    situation: 'Projections: create, update, delete, state',
    node: '12 UNIMPLEMENTED',
    server: 'served',
    why: noPart,
    onlyNode: true,
    measure: called(
      projections.ProjectionsClient,
      (client, reply) => client.create(new projectionMessages.CreateReq(), reply),
      (client, reply) => client.update(new projectionMessages.UpdateReq(), reply),
      (client, reply) => client.delete(new projectionMessages.DeleteReq(), reply),
      (client, reply) => client.state(new projectionMessages.StateReq(), reply),
    ),
  },
  {
    key: 'gossip',
    situation: 'Gossip, by which a client finds the members of a cluster (`esdb+discover`)',
    node: '12 UNIMPLEMENTED',
    server: 'served',
    why: 'The node is alone.',
    onlyNode: true,
    measure: called(gossip.GossipClient, (client, reply) => client.read(new shared.Empty(), reply)),
  },
];

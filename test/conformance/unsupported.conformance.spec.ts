import {
  EventStoreDBClient,
  NO_STREAM,
  persistentSubscriptionToStreamSettingsFromDefaults,
} from '@eventstore/db-client';
import gossip from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import persistent from '@eventstore/db-client/generated/persistent_grpc_pb.js';
import persistentMessages from '@eventstore/db-client/generated/persistent_pb.js';
import projections from '@eventstore/db-client/generated/projections_grpc_pb.js';
import projectionMessages from '@eventstore/db-client/generated/projections_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';

import { addressOf, credentialsOf } from './address.js';
import { describeNodeOnly, sharedStore } from './suite.js';
import { appendTo, collect, failureOf, newStream, thing } from './support.js';

const store = sharedStore();

const codeOf = (
  call: (reply: (error: ServiceError | null) => void) => unknown,
): Promise<status | undefined> =>
  new Promise((resolve) => {
    call((error) => resolve(error?.code));
  });

describe('the features that are told', () => {
  it('name the calls that the client decides by', async () => {
    const client = new features.ServerFeaturesClient(addressOf(store), credentialsOf(store));
    const supported = await new Promise<string[]>((resolve, reject) => {
      client.getSupportedMethods(new shared.Empty(), (error, methods) => {
        if (error) reject(error);
        else
          resolve(
            methods
              .getMethodsList()
              .map((method) =>
                [
                  `${method.getServiceName()}/${method.getMethodName()}`,
                  ...method.getFeaturesList(),
                ].join(' '),
              ),
          );
      });
    });
    const methods = [
      'append',
      'batchappend deadline_duration',
      'read position events',
      'delete',
      'tombstone',
    ];
    for (const method of methods) {
      expect(supported).toContain(`event_store.client.streams.streams/${method}`);
    }
    client.close();
  });
});

describeNodeOnly('what the node does not do is answered UNIMPLEMENTED', () => {
  it('persistent subscriptions, by call', async () => {
    const client = new persistent.PersistentSubscriptionsClient(
      addressOf(store),
      credentialsOf(store),
    );
    expect(await codeOf((reply) => client.create(new persistentMessages.CreateReq(), reply))).toBe(
      status.UNIMPLEMENTED,
    );
    expect(await codeOf((reply) => client.update(new persistentMessages.UpdateReq(), reply))).toBe(
      status.UNIMPLEMENTED,
    );
    expect(await codeOf((reply) => client.delete(new persistentMessages.DeleteReq(), reply))).toBe(
      status.UNIMPLEMENTED,
    );
    expect(await codeOf((reply) => client.list(new persistentMessages.ListReq(), reply))).toBe(
      status.UNIMPLEMENTED,
    );
    const code = await new Promise((resolve) => {
      const call = client.read();
      call.on('error', (error: ServiceError) => resolve(error.code));
      call.on('data', () => undefined);
    });
    expect(code).toBe(status.UNIMPLEMENTED);
    client.close();
  });

  it('persistent subscriptions, by the client, which goes on working', async () => {
    const client = EventStoreDBClient.connectionString(store.url);
    const settings = persistentSubscriptionToStreamSettingsFromDefaults();
    expect(
      await failureOf(client.createPersistentSubscriptionToStream('a-1', 'group', settings)),
    ).toBeInstanceOf(Error);
    const stream = newStream();
    await client.appendToStream(stream, thing(), { expectedRevision: NO_STREAM });
    expect(await collect(client.readStream(stream))).toHaveLength(1);
    await client.dispose();
  });

  it('projections and gossip', async () => {
    const projectionsClient = new projections.ProjectionsClient(
      addressOf(store),
      credentialsOf(store),
    );
    expect(
      await codeOf((reply) => projectionsClient.create(new projectionMessages.CreateReq(), reply)),
    ).toBe(status.UNIMPLEMENTED);
    const gossipClient = new gossip.GossipClient(addressOf(store), credentialsOf(store));
    expect(await codeOf((reply) => gossipClient.read(new shared.Empty(), reply))).toBe(
      status.UNIMPLEMENTED,
    );
    projectionsClient.close();
    gossipClient.close();
    await appendTo(store, newStream(), thing(), NO_STREAM);
  });
});

import {
  EventStoreDBClient,
  NO_STREAM,
  persistentSubscriptionToStreamSettingsFromDefaults,
} from '@eventstore/db-client';
import features from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { describe, expect, it } from 'vitest';

import { addressOf, credentialsOf } from './address.js';
import { describeNodeOnly, sharedStore } from './suite.js';
import { collect, failureOf, newStream, thing } from './support.js';

const store = sharedStore();

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

// The calls by themselves stand in `differences/limits.ts`.
describeNodeOnly('what the node does not do', () => {
  it('persistent subscriptions, is refused to the client, which goes on working', async () => {
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
});

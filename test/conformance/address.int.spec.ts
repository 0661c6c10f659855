import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import features from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import messages from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { type MetadataValue, Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ensureCertificates, nodeUrl } from '#embedded/certificates.js';

import { addressOf, credentialsOf, userOf } from './address.js';

describe('the address of a store', () => {
  it.each([
    ['esdb://host:1234?tls=true', 'host:1234'],
    ['esdb://host?tls=false', 'host:2113'],
    ['esdb://name:p%40ss@host:1234', 'host:1234'],
  ])('of %s is %s', (url, address) => {
    expect(addressOf({ url })).toBe(address);
  });

  it.each(['esdb://a:1,b:2', 'esdb+discover://name:word@cluster:2113', 'esdb+discover://a'])(
    'of %s is refused with a request to name one node',
    (url) => {
      expect(() => addressOf({ url })).toThrow('name one node');
    },
  );
});

describe('the user of a store', () => {
  let seen: MetadataValue[] = [];
  let folder: string;
  let url: string;
  const server = new Server();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'address-'));
    const paths = await ensureCertificates(join(folder, 'certificates'), '127.0.0.1');
    server.addService(features.ServerFeaturesService, {
      getSupportedMethods: (call, reply) => {
        seen = call.metadata.get('authorization');
        reply(null, new messages.SupportedMethods());
      },
    } satisfies Partial<features.IServerFeaturesServer>);
    const pair = {
      private_key: readFileSync(paths.nodeKey),
      cert_chain: readFileSync(paths.nodeCertificate),
    };
    const port = await new Promise<number>((resolve, reject) => {
      const secure = ServerCredentials.createSsl(null, [pair]);
      server.bindAsync('127.0.0.1:0', secure, (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    url = nodeUrl(port, join(folder, 'certificates'));
  });
  afterAll(() => {
    server.forceShutdown();
    rmSync(folder, { recursive: true });
  });

  const call = async (named: string): Promise<MetadataValue[]> => {
    const store = { url: named };
    const client = new features.ServerFeaturesClient(addressOf(store), credentialsOf(store));
    await new Promise<void>((resolve, reject) => {
      client.getSupportedMethods(new shared.Empty(), (error) =>
        error ? reject(error) : resolve(),
      );
    });
    client.close();
    return seen;
  };

  it('is shown by raw calls as the connection string names it', async () => {
    const withUser = url.replace('esdb://', 'esdb://j%C3%BCrgen:p%40ss@');
    expect(userOf(withUser)).toEqual({ username: 'jürgen', password: 'p@ss' });
    expect(await call(withUser)).toEqual([
      `Basic ${Buffer.from('jürgen:p@ss').toString('base64')}`,
    ]);
  });

  it('is nobody where none is named', async () => {
    expect(userOf(url)).toBeUndefined();
    expect(await call(url)).toEqual([]);
  });
});

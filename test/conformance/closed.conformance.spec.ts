import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';

import { EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { certificatePaths, ensureCertificates, nodeUrl } from '#embedded/certificates.js';

import { describeNodeOnly, ownStore } from './suite.js';
import { collect, failureOf, newStream } from './support.js';

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'voltrace-certificates-'));
  await ensureCertificates(join(folder, 'foreign'), '127.0.0.1');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What an ordinary user of the machine once did to become an administrator. */
const issueKeyBy = async (url: string, stream: string): Promise<void> => {
  const client = EventStoreDBClient.connectionString(url);
  const event = jsonEvent({ type: 'ApiKeyIssued', data: { roles: ['admin'] } });
  try {
    await client.appendToStream(stream, event, { expectedRevision: NO_STREAM, deadline: 5_000 });
  } finally {
    await client.dispose();
  }
};

describeNodeOnly('the node takes calls of our own processes alone', () => {
  const store = ownStore();
  const port = () => store.node.port;
  const ownFolder = () => new URL(store.url).searchParams.get('tlsCAFile')!.replace(/\/[^/]+$/, '');

  it.each<[string, () => string]>([
    ['no TLS', () => `esdb://127.0.0.1:${port()}?tls=false`],
    [
      'no certificate',
      () => {
        const ca = encodeURIComponent(certificatePaths(ownFolder()).ca);
        return `esdb://127.0.0.1:${port()}?tls=true&tlsCAFile=${ca}`;
      },
    ],
    ['a certificate of another authority', () => nodeUrl(port(), join(folder, 'foreign'))],
    [
      'a certificate of another authority, trusting ours',
      () => {
        const own = encodeURIComponent(certificatePaths(ownFolder()).ca);
        const foreign = encodeURIComponent(certificatePaths(join(folder, 'foreign')).ca);
        return nodeUrl(port(), join(folder, 'foreign')).replace(foreign, own);
      },
    ],
    [
      "the node's own certificate, which is none of a client",
      () => store.url.replaceAll('client.', 'node.'),
    ],
  ])('and not with %s', async (_, url) => {
    const stream = newStream('apiKey');
    expect(await failureOf(issueKeyBy(url(), stream))).toBeInstanceOf(Error);
    expect(await failureOf(collect(store.client.readStream(stream)))).toMatchObject({
      type: 'stream-not-found',
    });
  });

  it('and not by a TLS older than 1.3, even with our certificate', async () => {
    const { searchParams } = new URL(store.url);
    expect(searchParams.get('tls')).toBe('true');
    const socket = connect({
      ...{ host: '127.0.0.1', port: port(), maxVersion: 'TLSv1.2', rejectUnauthorized: false },
    });
    const failure = await new Promise<NodeJS.ErrnoException>((resolve, reject) => {
      socket.once('error', resolve).once('secureConnect', () => {
        socket.destroy();
        reject(new Error('it was let in'));
      });
    });
    expect(failure.code).toMatch(/PROTOCOL_VERSION/);
  });
});

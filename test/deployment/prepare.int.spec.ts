import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { eventStoreUrl, postgresUrl, readEnvironment } from '#process/config.js';
import { projectRoot } from '#testing/build.js';

import { readCompose } from './compose.js';

const { secrets, services } = readCompose();

describe('docker/prepare.sh', () => {
  const root = mkdtempSync(join(tmpdir(), 'voltrace-prepare-'));
  const file = (path: string) => join(root, path);
  const prepare = (...words: string[]) =>
    execFileSync('sh', [file('prepare.sh'), ...words], { encoding: 'utf8', stdio: 'pipe' });
  const contents = () =>
    Object.fromEntries(
      readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter((path) => statSync(file(path)).isFile())
        .map((path) => [path, readFileSync(file(path), 'utf8')]),
    );

  beforeAll(() => {
    cpSync(join(projectRoot, 'docker', 'prepare.sh'), file('prepare.sh'));
    prepare();
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('makes every file that the compose file names, closed to other users of the machine', () => {
    const named = [
      ...Object.values(secrets).map((secret) => secret.file),
      ...Object.values(services)
        .flatMap(({ volumes = [] }) => volumes)
        .flatMap((volume) => /^\.\/(secrets\/[^:]*):/.exec(volume)?.[1] ?? []),
      'secrets/eventstore.env',
    ];
    expect(named.length).toBeGreaterThan(10);
    for (const path of named) expect([path, statSync(file(path)).size > 0]).toEqual([path, true]);
    expect(statSync(file('secrets')).mode & 0o777).toBe(0o700);
    // Users of containers read them; who signs stays with who ran the script.
    expect(statSync(file('secrets/database-url')).mode & 0o777).toBe(0o644);
    expect(statSync(file('secrets/certificates/ca.key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(file('secrets/certificates/ca'))).toEqual(['ca.crt']);
  });

  it('writes addresses that the apps take, with the passwords that the stores get', async () => {
    const specs = { DATABASE_URL: postgresUrl(), EVENTSTORE_URL: eventStoreUrl() };
    const read = readEnvironment(specs, {
      DATABASE_URL_FILE: file('secrets/database-url'),
      EVENTSTORE_URL_FILE: file('secrets/eventstore-url'),
    });
    const password = (name: string) => readFileSync(file(`secrets/${name}`), 'utf8');
    expect(new URL(read.DATABASE_URL).password).toBe(password('postgres-password'));
    expect(read.EVENTSTORE_URL).toContain(`admin:${password('eventstore-password')}@`);
    expect(read.EVENTSTORE_URL.match(/eventstore-[123]:2113/g)).toHaveLength(3);
    expect(password('eventstore.env')).toContain(
      `EVENTSTORE_DEFAULT_ADMIN_PASSWORD=${password('eventstore-password')}\n`,
    );
    // The client itself reads the address, and the authority that it names.
    const authority = file('secrets/certificates/ca/ca.crt');
    const here = (path: string) => read.EVENTSTORE_URL.replace('/run/secrets/eventstore-ca', path);
    expect(() => EsdbEventLog.connect(here(file('absent')))).toThrow(
      /certificate file. File was not found/,
    );
    await EsdbEventLog.connect(here(authority)).close();
  });

  it.each(['eventstore-1', 'eventstore-2', 'eventstore-3'])(
    'gives %s a certificate that others trust by its name, as a server and as a member',
    async (node) => {
      const read = (path: string) => readFileSync(file(`secrets/certificates/${path}`));
      const [ca, cert, key] = [
        read('ca/ca.crt'),
        read(`${node}/node.crt`),
        read(`${node}/node.key`),
      ];
      const certificate = new X509Certificate(cert);
      expect(certificate.subject).toBe('CN=eventstoredb-node');
      expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
      expect(String(key)).toContain('BEGIN RSA PRIVATE KEY');
      const server = createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      const meet = async (servername: string): Promise<TLSSocket> => {
        const socket = connect({ host: '127.0.0.1', port, servername, ca, cert, key });
        await once(socket, 'secureConnect');
        return socket;
      };
      const socket = await meet(node);
      expect(socket.authorized).toBe(true);
      socket.destroy();
      await expect(meet('eventstore-4')).rejects.toThrow(/altnames/);
      server.close();
    },
  );

  it('changes nothing the next time but the number of nodes', () => {
    const before = contents();
    prepare();
    expect(contents()).toEqual(before);
    prepare('1');
    const { 'secrets/eventstore-url': url, ...others } = contents();
    expect(url).toMatch(/@eventstore-1:2113\?tls=true&tlsCaFile=/);
    expect({ ...others, 'secrets/eventstore-url': before['secrets/eventstore-url'] }).toEqual(
      before,
    );
    expect(() => prepare('2')).toThrow(/expected: 1 or 3/);
  });
});

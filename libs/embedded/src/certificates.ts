import { randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';

import type { JsonGeneralName } from '@peculiar/x509';

import { wallNow } from '#kernel/wall-clock.js';

import { syncFolder, writePrivateFile } from './files.js';
import { privateFolder } from './private-folder.js';

const dayMs = 24 * 60 * 60 * 1_000;
const validMs = 3_650 * dayMs;
const renewedBeforeMs = 365 * dayMs;

/** The files that let the event node and its clients know each other. */
export type CertificatePaths = Readonly<
  Record<'ca' | 'nodeCertificate' | 'nodeKey' | 'clientCertificate' | 'clientKey', string>
>;

export const certificatePaths = (folder: string): CertificatePaths => ({
  ca: join(folder, 'ca.crt'),
  nodeCertificate: join(folder, 'node.crt'),
  nodeKey: join(folder, 'node.key'),
  clientCertificate: join(folder, 'client.crt'),
  clientKey: join(folder, 'client.key'),
});

/** The connection string of an embedded node for who may read the certificates' folder. */
export const nodeUrl = (port: number, folder: string): string => {
  const { ca, clientCertificate, clientKey } = certificatePaths(folder);
  const files = Object.entries({
    tlsCAFile: ca,
    userCertFile: clientCertificate,
    userKeyFile: clientKey,
  }).map(([name, path]) => `&${name}=${encodeURIComponent(path)}`);
  return `esdb://127.0.0.1:${port}?tls=true${files.join('')}`;
};

/**
 * Makes sure that the folder (0700) holds certificates for a node on `host` and for its clients.
 *
 * They appear and are replaced all together: the authority signs once and its key is never stored, so
 * nobody can make another certificate that the node takes. Replaced when less than a year is left,
 * which takes effect for a client when it connects anew. Throws `NeedsOperator` for a folder that
 * others may write to.
 */
export const ensureCertificates = async (
  folder: string,
  host: string,
): Promise<CertificatePaths> => {
  privateFolder(dirname(folder));
  // Before one is read: what others put there is not taken.
  privateFolder(folder);
  if (!areUsable(folder, host)) {
    const fresh = `${folder}.${randomBytes(4).toString('hex')}.tmp`;
    mkdirSync(fresh, { mode: 0o700 });
    try {
      for (const [path, content] of await makeCertificates(certificatePaths(fresh), host)) {
        writePrivateFile(path, content);
      }
      replace(folder, fresh, host);
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  }
  return certificatePaths(folder);
};

/** A crash between the renames of a renewal leaves none, and the next start makes them. */
const replace = (folder: string, fresh: string, host: string): void => {
  try {
    renameSync(fresh, folder);
  } catch {
    // Another process was faster, or there are some to be replaced.
    if (areUsable(folder, host)) return;
    const old = `${fresh}.old`;
    renameSync(folder, old);
    renameSync(fresh, folder);
    rmSync(old, { recursive: true, force: true });
  }
  syncFolder(dirname(folder));
};

const areUsable = (folder: string, host: string): boolean => {
  const paths = certificatePaths(folder);
  try {
    const [ca, node, client] = [paths.ca, paths.nodeCertificate, paths.clientCertificate].map(
      (path) => new X509Certificate(readFileSync(path)),
    ) as [X509Certificate, X509Certificate, X509Certificate];
    const now = wallNow();
    return (
      (isIP(host) ? node.checkIP(host) : node.checkHost(host)) !== undefined &&
      [ca, node, client].every(
        ({ validFrom, validTo }) =>
          Date.parse(validFrom) <= now && Date.parse(validTo) - now > renewedBeforeMs,
      )
    );
  } catch {
    return false;
  }
};

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

const makeCertificates = async (
  paths: CertificatePaths,
  host: string,
): Promise<readonly (readonly [path: string, content: string])[]> => {
  // Loaded only where they are needed: that takes longer than the rest of a node's start.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  // Of a clock that was set back a little meanwhile, too.
  const notBefore = new Date(wallNow() - dayMs);
  const validity = { notBefore, notAfter: new Date(notBefore.getTime() + validMs) };
  const caKeys = await newKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: 'CN=Voltrace embedded node',
    keys: caKeys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const signed = async (name: string, purpose: string, names: JsonGeneralName[]) => {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity,
      subject: `CN=${name}`,
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey: caKeys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([purpose]),
        await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      ],
    });
    const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
    return [certificate.toString('pem'), x509.PemConverter.encode(key, 'PRIVATE KEY')] as const;
  };
  const hosts = [...new Set(['127.0.0.1', '::1', 'localhost', host])];
  const names = hosts.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }) as const);
  const node = await signed('event node', x509.ExtendedKeyUsage.serverAuth, names);
  const client = await signed('client of the event node', x509.ExtendedKeyUsage.clientAuth, []);
  return [
    [paths.ca, ca.toString('pem')],
    [paths.nodeCertificate, node[0]],
    [paths.nodeKey, node[1]],
    [paths.clientCertificate, client[0]],
    [paths.clientKey, client[1]],
  ];
};

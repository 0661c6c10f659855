import { X509Certificate } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { certificatePaths, ensureCertificates } from './certificates.js';

const yearMs = 365 * 24 * 60 * 60 * 1_000;

let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'voltrace-certificates-'));
  folder = join(parent, 'certificates');
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(parent, { recursive: true, force: true });
});

const contents = (): string[] =>
  Object.values(certificatePaths(folder)).map((path) => readFileSync(path, 'utf8'));

describe('the certificates of an embedded node', () => {
  it('are made once, readable by their owner alone, and the key of their authority is not kept', async () => {
    const paths = await ensureCertificates(folder, '127.0.0.1');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const path of Object.values(paths)) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toHaveLength(5);
    expect(readdirSync(parent)).toEqual(['certificates']);
    const ca = new X509Certificate(readFileSync(paths.ca));
    for (const path of [paths.nodeCertificate, paths.clientCertificate]) {
      const certificate = new X509Certificate(readFileSync(path));
      expect(certificate.verify(ca.publicKey)).toBe(true);
      expect(certificate.ca).toBe(false);
    }
    const made = contents();
    await ensureCertificates(folder, 'localhost');
    expect(contents()).toEqual(made);
  });

  it('are those of one when several start at once', async () => {
    const starts = Array.from({ length: 4 }, () => ensureCertificates(folder, '127.0.0.1'));
    const [paths] = await Promise.all(starts);
    const ca = new X509Certificate(readFileSync(paths!.ca));
    const node = new X509Certificate(readFileSync(paths!.nodeCertificate));
    expect(node.verify(ca.publicKey)).toBe(true);
    expect(readdirSync(parent)).toEqual(['certificates']);
  });

  it.each<[string, () => void]>([
    [
      'a year before they end',
      () => vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 9 * yearMs),
    ],
    ['before they begin', () => vi.spyOn(Date, 'now').mockReturnValue(Date.now() - yearMs)],
    ['when one is missing', () => rmSync(certificatePaths(folder).clientCertificate)],
    ['when one is broken', () => writeFileSync(certificatePaths(folder).ca, 'half')],
  ])('are replaced, all of them, %s', async (_, spoil) => {
    await ensureCertificates(folder, '127.0.0.1');
    const before = readFileSync(certificatePaths(folder).nodeKey, 'utf8');
    spoil();
    await ensureCertificates(folder, '127.0.0.1');
    expect(readFileSync(certificatePaths(folder).nodeKey, 'utf8')).not.toBe(before);
    expect(readdirSync(parent)).toEqual(['certificates']);
  });

  it('name the address that the node listens on', async () => {
    const paths = await ensureCertificates(folder, '127.0.0.9');
    const node = new X509Certificate(readFileSync(paths.nodeCertificate));
    for (const address of ['127.0.0.1', '::1', '127.0.0.9']) {
      expect(node.checkIP(address)).toBe(address);
    }
    expect(node.checkHost('localhost')).toBe('localhost');
  });

  it('are not taken from a folder that others may write to', async () => {
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    await expect(ensureCertificates(folder, '127.0.0.1')).rejects.toThrow(
      /Other users may write to .*certificates \(mode 777\)\. .*chmod go-rwx/,
    );
  });
});

import { pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

import type { EventLog } from '#event-log/event-log.js';

import { type CredentialEvent,credentialStream } from '../credential/events.js';

const derive = promisify(pbkdf2);
const maxIterations = 1_000_000;
const deviceId = /^[A-Za-z0-9_-]{1,64}$/;

/** Whether a secret is one that the device may connect with, as the log says now. Rejects where it does not answer. */
export const isSecretOf = async (
  log: EventLog,
  device: string,
  secret: Buffer,
): Promise<boolean> => {
  if (!deviceId.test(device)) return false;
  const verifiers = new Map<string, string>();
  for await (const stored of log.readStream(credentialStream(device))) {
    const { type, data } = stored as unknown as CredentialEvent;
    if (type === 'DeviceCredentialIssued') verifiers.set(data.credential, data.verifier);
    else verifiers.delete(data.credential);
  }
  for (const verifier of verifiers.values()) if (await fits(secret, verifier)) return true;
  return false;
};

const fits = async (secret: Buffer, verifier: string): Promise<boolean> => {
  const [, iterations, salt, hash] = /^\$7\$(\d+)\$([^$]+)\$([^$]+)$/.exec(verifier) ?? [];
  if (iterations === undefined || salt === undefined || hash === undefined) return false;
  if (Number(iterations) > maxIterations) return false;
  const expected = Buffer.from(hash, 'base64');
  const derived = await derive(
    ...([secret, Buffer.from(salt, 'base64'), Number(iterations)] as const),
    ...([expected.length, 'sha512'] as const),
  );
  return timingSafeEqual(derived, expected);
};

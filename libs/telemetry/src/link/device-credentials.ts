import type { EventLog } from '#event-log/event-log.js';
import { readOne } from '#event-log/read-one.js';

import { type CredentialEvent, credentialStream } from '../credential/events.js';
import { fitsVerifier } from '../credential/verifier.js';
import { deviceStream } from '../device/events.js';

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
  const given = secret.toString();
  return [...verifiers.values()].some((verifier) => fitsVerifier(given, verifier));
};

/** Whether the device was retired, as the log says now; what it could connect with may not have been revoked. */
export const isRetired = async (log: EventLog, device: string): Promise<boolean> => {
  const last = await readOne(log, deviceStream(device), { direction: 'backwards' });
  return last?.type === 'DeviceRetired';
};

import type { EventLog } from '#event-log/event-log.js';

import { type CredentialEvent, credentialStream } from '../credential/events.js';
import { fitsVerifier } from '../credential/verifier.js';

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

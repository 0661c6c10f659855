import { mayRetain, type Topics, type UpTopic } from './topics.js';

export const maxPayloadBytes = 256 * 1024;

/** Why a message is not taken, as it is counted. */
export type Rejection =
  'UNKNOWN_TOPIC' | 'FOREIGN_TOPIC' | 'RETAINED' | 'PAYLOAD_TOO_LARGE' | 'PACKET_TOO_LARGE';

interface Packet {
  readonly topic: string;
  readonly retain: boolean;
  readonly payload: Buffer | string;
}

/** What a message is that a device may send; `device` is who sends it, where that is known. */
export const admit = (
  topics: Topics,
  device: string | undefined,
  { topic, retain, payload }: Packet,
): UpTopic | Rejection => {
  const read = topics.read(topic);
  if (!read) return 'UNKNOWN_TOPIC';
  if (device !== undefined && read.device !== device) return 'FOREIGN_TOPIC';
  if (retain && !mayRetain(read)) return 'RETAINED';
  return payload.length > maxPayloadBytes ? 'PAYLOAD_TOO_LARGE' : read;
};

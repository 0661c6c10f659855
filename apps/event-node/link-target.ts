import type { RecordedEvent } from './event.js';

/** The event that a link leads to. */
export interface LinkTarget {
  readonly stream: string;
  readonly revision: bigint;
}

/**
 * The target that a link's data names as `revision@stream`; undefined when the data is no link. As on a
 * real server, any signed number of 64 bits and any name are valid, also those that no event can have.
 */
export const linkTarget = ({ data }: Pick<RecordedEvent, 'data'>): LinkTarget | undefined => {
  const match = /^([+-]?)0*(\d{1,19})@(.*)$/s.exec(Buffer.from(data).toString('utf8'));
  const [, sign, digits, stream] = match ?? [];
  if (digits === undefined || stream === undefined) return undefined;
  const revision = sign === '-' ? -BigInt(digits) : BigInt(digits);
  return BigInt.asIntN(64, revision) === revision ? { stream, revision } : undefined;
};

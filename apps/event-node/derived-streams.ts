import { contentIdOf } from '#kernel/ids.js';

import { baseOf, isMetastream, LINK_TYPE, METADATA_TYPE, type RecordedEvent } from './event.js';
import { accessDenied } from './failure.js';
import { linkTarget } from './link-target.js';
import { deletedMetadata } from './metadata.js';

const CATEGORY_PREFIX = '$ce-';
const TYPE_PREFIX = '$et-';
const CATEGORY_SEPARATOR = '-';

/** Whether nobody writes `stream`: it holds links to the events of one category or of one type. */
export const isDerived = (stream: string): boolean =>
  stream.startsWith(CATEGORY_PREFIX) || stream.startsWith(TYPE_PREFIX);

/** `stream`; throws `access-denied` when it, or the stream that it describes, is a derived one. */
export const writable = (stream: string): string => {
  if (isDerived(baseOf(stream))) throw accessDenied();
  return stream;
};

/**
 * Returns the condition by which a derived stream holds a link to an event. `derived-index.ts` decides
 * the same in SQL: both must agree, or a subscriber that goes live would count differently.
 */
export const membershipOf = (derived: string): ((event: RecordedEvent) => boolean) => {
  const name = derived.slice(CATEGORY_PREFIX.length);
  return derived.startsWith(CATEGORY_PREFIX)
    ? (event) => categoryOf(event) === name
    : (event) => event.type !== LINK_TYPE && isStoredAs(event.type, name);
};

/** Text with half a character in it is stored with a replacement character of the same length. */
const isStoredAs = (text: string, stored: string): boolean =>
  text === stored ||
  (text.length === stored.length && Buffer.from(text).toString('utf8') === stored);

/** The part of a stream's name before the first dash. A deletion belongs to the category of the deleted stream. */
const categoryOf = (event: RecordedEvent): string | undefined => {
  const stream = isDeletion(event) ? baseOf(event.stream) : event.stream;
  const length = stream.indexOf(CATEGORY_SEPARATOR);
  return length < 0 || stream.startsWith('$') ? undefined : stream.slice(0, length);
};

/** The metadata that a soft delete leaves, to the byte. */
export const DELETION = deletedMetadata();

const isDeletion = ({ stream, type, data }: RecordedEvent): boolean =>
  isMetastream(stream) && type === METADATA_TYPE && DELETION.equals(data);

/** An event that a derived stream holds a link to; `data` may be left out where it is no link itself. */
export type LinkedEvent = Pick<
  RecordedEvent,
  'position' | 'stream' | 'revision' | 'type' | 'created' | 'data'
>;

const nothing = Buffer.alloc(0);

/** The link at a revision of a derived stream. What is a link itself is copied, not linked again. */
export const linkRecord = (
  stream: string,
  revision: bigint,
  original: LinkedEvent,
): RecordedEvent => {
  const { position, created } = original;
  const isLink = original.type === LINK_TYPE && linkTarget(original) !== undefined;
  return {
    position,
    stream,
    revision,
    id: contentIdOf('derived-link', stream, revision.toString()),
    type: LINK_TYPE,
    isJson: false,
    data: isLink
      ? original.data
      : Buffer.from(`${original.revision.toString()}@${original.stream}`),
    metadata: nothing,
    created,
  };
};

import type { Category } from './context.js';
import type { PublishedCategory, PublishedMessage } from './contract.js';
import type { EventDeclaration } from './event-types.js';
import { closed } from './schema.js';

/**
 * A category whose events are published as they are stored, each under `voltrace.<context>.<type>.v1`, but
 * for those that are declared private. Where a message is to say something else than what is stored,
 * its `PublishedCategory` is written out.
 */
export const asStored = (
  context: string,
  types: Pick<Category, 'category' | 'events' | 'upcasts'>,
  { without = [], ...more }: AsStored = {},
): PublishedCategory => ({
  ...more,
  types,
  messages: Object.fromEntries(
    Object.entries(types.events).map(([type, declared]) => [
      type,
      declared.private ? 'private' : messageOf(context, type, declared, without),
    ]),
  ),
});

export interface AsStored extends Pick<PublishedCategory, 'key'> {
  /** Members of the data that are nobody else's concern. */
  readonly without?: readonly string[];
}

/** Of the data, the schema's members are published and no others: an event of a newer version may hold more. */
const messageOf = (
  context: string,
  type: string,
  { about: summary, data, example }: EventDeclaration,
  without: readonly string[],
): PublishedMessage => {
  const published = Object.entries(data.properties).filter(([member]) => !without.includes(member));
  const schema = without.length === 0 ? data : closed(Object.fromEntries(published));
  const members = Object.keys(schema.properties);
  const publish = (data: object): object =>
    Object.fromEntries(Object.entries(data).filter(([member]) => members.includes(member)));
  // A stored type that has a version of its own is another message.
  const name = `voltrace.${context}.${type}${/\.v\d+$/.test(type) ? '' : '.v1'}`;
  return { name, summary, schema, example, publish };
};

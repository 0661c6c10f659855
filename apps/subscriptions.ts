import { contracts } from '#apps/contracts.js';
import { processes } from '#apps/processes.js';
import { supervisionConsumer } from '#battery-lab/supervision/supervision.js';
import { UnknownEventType } from '#event-log/codec.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { Publication } from '#fanout/fact.js';
import { projections } from '#projections/all.js';
import { consumers } from '#projections/consumers.js';
import { type KnownSubscription, KnownSubscriptions } from '#subscription/known-subscriptions.js';
import { readBy } from '#subscription/projection/projection.js';

/** What `read` knows of the event; one that this version does not know may well be handled by a later one. */
const handles =
  (read: (event: StoredEvent) => unknown) =>
  (event: StoredEvent): boolean => {
    try {
      return read(event) !== undefined;
    } catch (error) {
      if (error instanceof UnknownEventType) return true;
      throw error;
    }
  };

const publication = new Publication(contracts);

/** Whatever follows the log in this version, for operators: the API shows them and passes requests on. */
export const subscriptions = new KnownSubscriptions([
  ...projections.map((projection): KnownSubscription => ({
    ...{ name: projection.name, kind: 'projection', version: projection.version },
    ...{ forgets: null, startOnly: null },
    mayHandle: handles((event) => readBy(projection, event)),
  })),
  ...[...consumers, supervisionConsumer].map(
    ({ name, topics, forgets, startOnly }): KnownSubscription => ({
      ...{ name, kind: 'consumer', version: 0, forgets, startOnly },
      mayHandle: (event) => publication.mayHold(event, topics),
    }),
  ),
  ...processes.map(({ name, forgets, startOnly, read }): KnownSubscription => ({
    ...{ name, kind: 'process', version: 0, forgets, startOnly },
    mayHandle: handles(read),
  })),
]);

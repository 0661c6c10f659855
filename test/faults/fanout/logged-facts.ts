import { EsdbEventLog } from '#event-log/esdb.js';
import type { Position } from '#event-log/event-log.js';
import { keyForfeited } from '#event-log/key/forfeited.js';

import { hashOf, type LoggedFact } from './compare.js';

const published = /^(product|manufacturer)-/;

/** What the registry published according to the log, read from its beginning to its end. */
export const loggedFacts = async (eventStoreUrl: string): Promise<readonly LoggedFact[]> => {
  const log = EsdbEventLog.connect(eventStoreUrl);
  try {
    const facts: LoggedFact[] = [];
    let after: Position | undefined;
    for (;;) {
      const page = await log.readAll({ limit: 1_000, ...(after && { after }) });
      for (const { id, stream, revision, type, position, data } of page.events) {
        // Says something about a claim, nothing about the product or manufacturer.
        if (!published.test(stream) || type === keyForfeited) continue;
        const maker = type === 'ProductRegistered' && {
          manufacturerId: String(data['manufacturerId']),
        };
        facts.push({
          stream,
          revision: Number(revision),
          type,
          position: position.commit,
          id,
          hash: hashOf(data),
          ...maker,
        });
      }
      after = page.next ?? after;
      if (page.atEnd) return facts;
    }
  } finally {
    await log.close();
  }
};

import type { EventLog } from '#event-log/event-log.js';
import { States } from '#event-log/states.js';

import { type KnownSite, retiredSite, siteDecider, unknownSite } from './decider.js';

/** The sites of the write side. */
export class Sites {
  readonly states;

  constructor(readonly log: EventLog) {
    this.states = new States(log, siteDecider);
  }

  /** A site that is in use, as the log has it now. Throws `SITE_UNKNOWN` and `SITE_RETIRED`. */
  async find(id: string): Promise<KnownSite> {
    const { state } = await this.states.refresh(id);
    if (state.status === 'absent') throw unknownSite();
    if (state.status === 'retired') throw retiredSite();
    return state;
  }
}

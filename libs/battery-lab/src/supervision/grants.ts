import type { Unseen } from '#fanout/sight.js';

import { experimentStream } from '../experiment/events.js';
import type { Leases } from '../unit-link/leases.js';
import type { Due } from './attended.js';

export const topics = {
  experiments: 'voltrace.battery-lab.v1',
  samples: 'voltrace.battery-lab.samples.v1',
} as const;

export interface GrantOptions {
  /** For how many seconds each lease lasts. */
  readonly leaseS: number;
  /** Records may stay away, or come later than the log took them, for so many seconds. */
  readonly silentS: number;
  /** As it is now. */
  readonly sight: () => Unseen;
}

/**
 * Grants leases to units of which this process knows what the log holds: whoever is behind, or follows nothing, promises
 * nothing, and units go safe by themselves when nobody does. So does one whose records stay away, whoever is to judge that
 * and whatever keeps them: nobody watches its limits then but itself.
 */
export class Grants {
  constructor(
    private readonly leases: Leases,
    private readonly options: GrantOptions,
  ) {}

  /** To a unit that is to start or to go on. Resolves with whether it was granted. */
  readonly turnOn = async (experimentId: string, unitId: string): Promise<boolean> => {
    if (!this.isCurrent(this.options.sight(), experimentId)) return false;
    await this.leases.grant([unitId], this.options.leaseS);
    return true;
  };

  /** To units whose outputs are on, or may be, and shall be. */
  async renew(all: readonly Due[], unseen: Unseen): Promise<void> {
    const { silentS } = this.options;
    const units = all
      .filter(({ isRunning, isTurningOn, silentForS }) =>
        isRunning ? silentForS <= silentS : isTurningOn,
      )
      .filter(({ experimentId }) => this.isCurrent(unseen, experimentId))
      .map(({ unitId }) => unitId);
    await this.leases.grant([...new Set(units)].toSorted(), this.options.leaseS);
  }

  private isCurrent(unseen: Unseen, experimentId: string): boolean {
    const { leaseS, silentS } = this.options;
    const behindS = unseen(topics.experiments, experimentStream(experimentId));
    const recordsS = unseen(topics.samples, experimentId) ?? 0;
    return behindS !== undefined && behindS < leaseS && recordsS < silentS;
  }
}

import type { Leases } from '../unit-link/leases.js';
import type { Due } from './attended.js';

export const topics = {
  experiments: 'voltrace.battery-lab.v1',
  samples: 'voltrace.battery-lab.samples.v1',
} as const;

/**
 * What of a topic, or of one partition of it, was published earlier than so many seconds ago is handled by this process;
 * undefined where others follow it.
 */
export type Unseen = (topic: string, partition: number | null) => number | undefined;

export interface GrantOptions {
  /** For how many seconds each lease lasts. */
  readonly leaseS: number;
  /** Records may come so much later than they are published, in seconds. */
  readonly silentS: number;
  readonly unseenS: Unseen;
}

/**
 * Grants leases to units of which this process knows what is published: whoever is behind, or follows nothing, promises
 * nothing, and units go safe by themselves when nobody does.
 */
export class Grants {
  constructor(
    private readonly leases: Leases,
    private readonly options: GrantOptions,
  ) {}

  /** To a unit that is to start or to go on. Resolves with whether it was granted. */
  readonly turnOn = async (unitId: string): Promise<boolean> => {
    if (!this.isCurrent(null)) return false;
    await this.leases.grant([unitId], this.options.leaseS);
    return true;
  };

  /** To units whose outputs are on, or may be, and shall be. */
  async renew(all: readonly Due[]): Promise<void> {
    const units = all
      .filter(({ isRunning, isTurningOn }) => isRunning || isTurningOn)
      .filter(({ partition }) => this.isCurrent(partition))
      .map(({ unitId }) => unitId);
    await this.leases.grant([...new Set(units)].toSorted(), this.options.leaseS);
  }

  private isCurrent(partition: number | null): boolean {
    const { unseenS, leaseS, silentS } = this.options;
    const behindS = unseenS(topics.experiments, partition);
    return (
      behindS !== undefined && behindS < leaseS && (unseenS(topics.samples, null) ?? 0) < silentS
    );
  }
}

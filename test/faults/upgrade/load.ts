import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { generateBatteryList } from '#product-registry/import/testing/generate-battery-list.js';
import type { ApiClient } from '#test/support/client.js';

import type { LoggedEvent } from '../checks.js';
import { ConflictLoad } from '../conflicts/load.js';
import { SteadyLoad } from '../steady-load.js';
import { type Addresses, type Answered, FailoverClient } from './failover.js';

const steadyCallers = 3;
const rowsPerList = 300;

/**
 * What goes on while a system is upgraded: changes that are read again, callers in each other's way, and
 * one list after the other.
 */
export class RehearsalLoad {
  readonly client: FailoverClient;
  private readonly steady: readonly SteadyLoad[];
  private readonly conflicts: ConflictLoad;
  private readonly folder = mkdtempSync(join(tmpdir(), 'voltrace-lists-'));
  private importing: Promise<void> | undefined;
  private lists = 0;
  private readonly failedLists: string[] = [];

  constructor(addresses: Addresses, key: string, onAnswer: (answered: Answered) => void) {
    this.client = new FailoverClient(addresses, key, onAnswer);
    this.steady = Array.from(
      { length: steadyCallers },
      (_, n) => new SteadyLoad(this.client, `Steady Works ${n + 1}`, true),
    );
    this.conflicts = new ConflictLoad([this.client, this.client], 1);
  }

  /** Of the newest change that was acknowledged. */
  get lastPosition(): string {
    const positions = this.steady.map(({ position }) => BigInt(position));
    return String(positions.reduce((a, b) => (a > b ? a : b)));
  }

  /** Imports the next list, unless one is under way. */
  sendList(): void {
    this.importing ??= this.importNext().finally(() => (this.importing = undefined));
  }

  /** Resolves when everything that was sent is answered. */
  async stop(): Promise<void> {
    await Promise.all([...this.steady.map((one) => one.stop()), this.conflicts.stop()]);
    await this.importing;
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What was refused, lost, doubled or shown older than it was acknowledged. */
  async faults(api: ApiClient, log: readonly LoggedEvent[]): Promise<readonly string[]> {
    const changes = this.steady.reduce((sum, { accepted }) => sum + accepted, 0);
    console.log(`  ${changes} changes acknowledged and read again, ${this.lists} lists imported`);
    return [
      ...this.steady.flatMap((one) => one.faults(log)),
      ...(await this.conflicts.faults(api)),
      ...this.failedLists,
    ];
  }

  private async importNext(): Promise<void> {
    this.lists += 1;
    const file = join(this.folder, `list-${this.lists}.csv`);
    const rows = generateBatteryList({ rows: rowsPerList, seed: this.lists });
    writeFileSync(file, [...rows].join(''));
    try {
      const ended = await this.client.importEnded(await this.client.importFile('products', file));
      if (ended.body['state'] !== 'completed') this.failedLists.push(`a list: ${ended.text}`);
    } catch (error) {
      this.failedLists.push(`a list: ${String(error)}`);
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises';

import { type ProjectionVersion, schemaOf } from '#read-store/schema-names.js';
import { until } from '#testing/until.js';

import { logIsSound, tableHashes, wholeLog } from '../checks.js';
import { fanoutFaults } from '../fanout/settled.js';
import { rebuild } from '../operate.js';
import { Journal, tableOf } from './journal.js';
import { RehearsalLoad } from './load.js';
import { type Part, RollingSystem } from './system.js';
import { raised, unknownTypes, type Version } from './what-differs.js';

/** What each step goes on for under load, when it is done. */
const holdMs = 3_000;
/** Its rows are of every event of the log, of those too that ask for its rebuild. */
const ofEveryEvent = 'event-clock';

export interface Build {
  readonly name: 'older' | 'newer';
  readonly dist: string;
  readonly version: Version;
}

/**
 * Upgrades a system under load from one build to the other, rolls it back and upgrades it again, as
 * `docs/operations.md` says. Prints the steps; resolves with what was wrong.
 */
export const rehearse = async (older: Build, newer: Build): Promise<readonly string[]> => {
  const system = await RollingSystem.start(older.dist);
  try {
    return await new Rehearsal(system, older, newer).run();
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  } finally {
    await system.remove();
  }
};

/** As `GET /v1/subscriptions` shows a projection. */
interface Shown {
  readonly name: string;
  readonly state: string;
  readonly projection: (Built & { readonly others: readonly Built[] }) | null;
}

interface Built {
  readonly version: number | null;
  readonly builtVersion?: number | null;
  readonly state?: string;
  readonly position: string | null;
}

class Rehearsal {
  private readonly journal = new Journal();
  private readonly load: RehearsalLoad;
  private readonly faults: string[] = [];

  constructor(
    private readonly system: RollingSystem,
    private readonly older: Build,
    private readonly newer: Build,
  ) {
    this.load = new RehearsalLoad(system.addresses, system.key, this.journal.add);
  }

  async run(): Promise<readonly string[]> {
    const { journal, older, newer, load } = this;
    await this.step('older version alone', () => Promise.resolve());
    await this.roll('upgrade', older, newer);
    await this.roll('roll-back', newer, older);
    await this.roll('upgrade again', older, newer);
    journal.end();
    await load.stop();
    console.log(tableOf(journal.lines()));
    this.faults.push(...this.system.ended(), ...(await this.compare()));
    const { refusedCommands } = journal;
    if (refusedCommands > 0) this.faults.push(`${refusedCommands} commands were refused`);
    return this.faults;
  }

  /** The documented steps from one build to another. */
  private async roll(title: string, from: Build, to: Build): Promise<void> {
    const { system } = this;
    await this.step(`${title}: ${to.name} projector beside`, async () => {
      system.rename('projector', `${from.name} projector`);
      await system.begin('projector', to.dist);
      await this.built(to.version.projections);
    });
    for (const part of system.parts.filter((one) => one !== 'projector')) {
      await this.step(`${title}: ${part}`, () => this.replace(part, to));
    }
    await this.step(`${title}: ${from.name} projector stopped`, () =>
      this.finish(`${from.name} projector`),
    );
  }

  private async replace(part: Part, by: Build): Promise<void> {
    await this.finish(part);
    await this.system.begin(part, by.dist);
  }

  private async finish(name: string): Promise<void> {
    this.faults.push(...(await this.system.finish(name)));
  }

  private async step(title: string, work: () => Promise<unknown>): Promise<void> {
    this.journal.step(title);
    this.load.sendList();
    await work();
    await sleep(holdMs);
  }

  /** Waits until the builds of a version run, and hold what was acknowledged when this was called. */
  private async built(versions: readonly ProjectionVersion[]): Promise<void> {
    const { client, lastPosition } = this.load;
    await until('the builds run', async () => {
      const { body } = await client.persist('/v1/subscriptions');
      const items = body['items'] as readonly Shown[];
      return versions.every((version) => holds(version, items, BigInt(lastPosition)));
    });
  }

  /** What is otherwise in the log, the tables or the topic than it was answered; nothing is sent any more. */
  private async compare(): Promise<readonly string[]> {
    const { system, load, older, newer } = this;
    const { databaseUrl, eventStoreUrl, kafka } = system.stores;
    await system.begin('projector', older.dist, 'older projector');
    await system.begin('api 1', older.dist, 'older api');
    const api = system.clientOf('api 1');
    const log = await wholeLog(api);
    const unknown = unknownTypes(older.version, newer.version).filter((type) =>
      log.some((event) => `${event.stream.replace(/-.*/s, '')} ${event.type}` === type),
    );
    const faults = [
      ...unknown.map((type) => `the older version cannot read what the newer wrote: ${type}`),
      ...logIsSound(log),
      ...(await load.faults(api, log)),
      ...(await fanoutFaults({
        ...{ api, databaseUrl, eventStoreUrl },
        brokers: kafka?.['KAFKA_BROKERS'],
      })),
    ];
    const others = raised(newer.version, older.version);
    for (const [name, versions] of [
      ['api 1', newer.version.projections],
      ['older api', others],
    ] as const) {
      await this.built(versions);
      for (const version of versions) faults.push(...(await this.rebuilt(name, version)));
    }
    return faults;
  }

  /** A read model that is built from the whole log has the rows of the one that followed. */
  private async rebuilt(name: string, version: ProjectionVersion): Promise<readonly string[]> {
    if (version.name === ofEveryEvent) return [];
    const { databaseUrl } = this.system.stores;
    const schema = schemaOf(version);
    const live = await tableHashes(databaseUrl, schema);
    await rebuild(this.system.clientOf(name), databaseUrl, version.name);
    const rebuilt = await tableHashes(databaseUrl, schema);
    return Object.keys({ ...live, ...rebuilt })
      .filter((table) => live[table] !== rebuilt[table])
      .map((table) => `${schema}.${table}, rebuilt: ${rebuilt[table]}, not ${live[table]}`);
  }
}

const holds = (
  { name, version }: ProjectionVersion,
  items: readonly Shown[],
  through: bigint,
): boolean => {
  const shown = items.find((item) => item.name === name);
  if (!shown?.projection) return false;
  const { projection } = shown;
  const own =
    projection.builtVersion === version
      ? { state: shown.state, position: projection.position }
      : projection.others.find((other) => other.version === version && other.state === 'running');
  return own?.state === 'running' && BigInt(own.position ?? -1) >= through;
};

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiClient, Reply } from '#test/support/client.js';

import { wholeLog } from '../checks.js';
import { Book, type Expected, patienceMs } from './book.js';
import { forfeitedBy } from './ledger.js';

/** Leaves the machine to what is being harmed. */
const pauseMs = 200;
const reason = 'conflicts under load';

/**
 * Callers who are in each other's way while a round does its harm: taken names and codes, stale
 * revisions, reused keys, unknown things, refused values.
 */
export class ConflictLoad {
  private readonly book = new Book();
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;

  constructor(
    private readonly apis: readonly ApiClient[],
    private readonly seed: number,
  ) {
    this.running = this.run();
    // Thrown by `stop`.
    this.running.catch(() => undefined);
  }

  /** Products that were registered by it. */
  get products(): readonly string[] {
    return this.acceptedIds('/v1/products');
  }

  /** Resolves when the turn under way has ended. Rejects where a request found no answer. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** What was answered wrongly or is otherwise in the log or the read models than it was answered. */
  async faults(api: ApiClient): Promise<readonly string[]> {
    const log = await wholeLog(api);
    const { entries } = this.book;
    const forfeited = forfeitedBy(entries, log);
    const refused = entries.filter(({ status }) => status >= 300).length;
    console.log(
      `  conflicts: ${entries.length - refused} accepted, ${refused} refused, ${forfeited} keys forfeited`,
    );
    return [
      ...this.book.faults(log),
      ...(forfeited > 0 ? [] : ['no key was forfeited: the round proves nothing about them']),
      ...(await this.hidden(api, new Map(log.map((event) => [event.stream, event.revision])))),
    ].slice(0, 30);
  }

  /** Products that the catalog does not show at the revision that the log has. */
  private async hidden(
    api: ApiClient,
    revisions: ReadonlyMap<string, number>,
  ): Promise<readonly string[]> {
    const after = this.book.entries.findLast(({ status }) => status < 300)?.position ?? '0';
    const faults: string[] = [];
    for (const id of this.products) {
      const reply = await api.persist(`/v1/products/${id}?after=${after}`, {}, patienceMs);
      const wanted = revisions.get(`product-${id}`);
      if (reply.status !== 200 || reply.body['revision'] !== wanted) {
        faults.push(`product ${id} at revision ${String(wanted)} is shown as ${reply.text}`);
      }
    }
    return faults;
  }

  private acceptedIds(path: string): readonly string[] {
    return [
      ...new Set(
        this.book.entries
          .filter(({ request, status }) => request.startsWith(`${path} `) && status === 201)
          .map(({ id }) => id),
      ),
    ];
  }

  private async run(): Promise<void> {
    for (let turn = 0; turn === 0 || !this.stopping.signal.aborted; turn += 1) {
      await this.changes(await this.registrations(turn));
      await sleep(pauseMs);
    }
  }

  /**
   * Two want one code at once: one is refused, its name is held by nobody, and given to the next caller.
   * Resolves with the id of the manufacturer that got the code.
   */
  private async registrations(turn: number): Promise<string> {
    const path = '/v1/manufacturers';
    const code = `9${(this.seed * 1_000 + turn).toString(36).toUpperCase().padStart(5, '0').slice(-5)}`;
    const names = ['left', 'right'].map((side) => `Conflict Works ${this.seed} ${turn} ${side}`);
    const race = { expect: ['201', '409 ENTITY_CODE_TAKEN'], mayClaim: true };
    const keys = names.map(() => randomUUID());
    const answers = await Promise.all(
      names.map((name, side) =>
        this.send(path, { name, code, reason }, { ...race, key: keys[side] ?? '' }, side),
      ),
    );
    const winners = answers.flatMap(({ status }, side) => (status === 201 ? [side] : []));
    const [winner] = winners;
    if (winner === undefined || winners.length > 1) {
      this.book.unexpected.push(`${winners.length} of two were given the code ${code}`);
    }
    const [held, free] = winner === 1 ? [names[1], names[0]] : names;
    const again = { name: held, code, reason };
    await this.send(path, { name: free, code: null, reason }, { expect: ['201'] });
    await this.send(path, { name: held, reason }, { expect: ['409 MANUFACTURER_EXISTS'] });
    const first = { expect: ['201'], key: keys[winner ?? 0] ?? '' };
    const { body } = await this.send(path, again, first);
    const reused = { expect: ['422 IDEMPOTENCY_KEY_REUSED'], key: keys[winner ?? 0] ?? '' };
    await this.send(path, { ...again, aliases: ['Another'] }, reused);
    const other = `Conflict Works ${this.seed} ${turn} other`;
    const taken = { expect: ['409 ENTITY_CODE_TAKEN'] };
    await this.send(path, { name: other, code, reason }, taken);
    await this.send(path, { name: other, code: null, reason }, { expect: ['201'] });
    return String(body['id']);
  }

  private async changes(manufacturer: string): Promise<void> {
    const product = { type: 'ProdBattery', manufacturer, model: 'C-1', elements: {}, reason };
    const made = await this.send('/v1/products', product, { expect: ['201'] });
    await this.send('/v1/products', product, { expect: ['409 PRODUCT_EXISTS'] });
    const nobody = { ...product, manufacturer: 'Nobody at all' };
    await this.send('/v1/products', nobody, { expect: ['422 MANUFACTURER_UNKNOWN'] });
    const path = `/v1/products/${String(made.body['id'])}/set-elements`;
    const ifMatch = Number(made.body['revision']);
    await this.send(path, energyOf('5.1'), { expect: ['200'], ifMatch });
    await this.send(path, energyOf('5.2'), { expect: ['412 STALE_REVISION'], ifMatch });
    await this.send(path, energyOf('5.3', 'kW'), { expect: ['422 ELEMENTS_INVALID'] });
    const unknown = randomUUID();
    await this.send(`/v1/products/${unknown}/set-elements`, energyOf('5.4'), {
      expect: ['404 PRODUCT_UNKNOWN'],
    });
    await this.send(
      `/v1/manufacturers/${unknown}/add-alias`,
      { alias: `Alias ${unknown}`, reason },
      { expect: ['404 MANUFACTURER_UNKNOWN'] },
    );
  }

  private send(path: string, body: object, expected: Expected, caller = 0): Promise<Reply> {
    const api = this.apis[caller % this.apis.length];
    if (!api) throw new Error('there is no API to send to');
    return this.book.send(api, path, body, expected);
  }
}

const energyOf = (value: string, unit = 'kWh') => ({
  elements: { EnergyCapacityNominal: { value, unit } },
  reason,
});

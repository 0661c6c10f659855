import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiClient, Reply } from '#test/support/client.js';

import type { LoggedEvent } from './checks.js';
import { Book, patienceMs } from './conflicts/book.js';

const pauseMs = 20;
const reason = 'steady load';

interface Acknowledged {
  readonly id: string;
  readonly revision: number;
  readonly position: string;
}

/**
 * One product that is changed without a pause, each time to a value of its own. With `reads`, what was
 * acknowledged is read after each change, alone and in its list: nobody may be shown an older state.
 */
export class SteadyLoad {
  private readonly book = new Book();
  private readonly shownOlder: string[] = [];
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;
  private product: Acknowledged | undefined;

  constructor(
    private readonly api: ApiClient,
    private readonly maker: string,
    private readonly reads = false,
  ) {
    this.running = this.run();
    // Thrown by `stop`.
    this.running.catch(() => undefined);
  }

  /** The product, when it was registered. */
  get id(): string | undefined {
    return this.product?.id;
  }

  /** Of the newest change that was acknowledged. */
  get position(): string {
    return this.product?.position ?? '0';
  }

  /** Changes that were acknowledged. */
  get accepted(): number {
    return this.book.entries.filter(({ status }) => status === 200).length;
  }

  /** Resolves when the change under way is answered. Rejects where one found no answer. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** What was answered wrongly, is otherwise in the log, or was shown older than it was acknowledged. */
  faults(log: readonly LoggedEvent[]): readonly string[] {
    return [...this.shownOlder.slice(0, 10), ...this.book.faults(log)];
  }

  private async run(): Promise<void> {
    const { maker } = this;
    await this.send('/v1/manufacturers', { name: maker, code: null, reason }, '201');
    const product = {
      type: 'ProdBattery',
      manufacturer: maker,
      model: 'S-1',
      elements: {},
      reason,
    };
    this.product = acknowledged(await this.send('/v1/products', product, '201'));
    for (let n = 1; !this.stopping.signal.aborted; n += 1) {
      const elements = { EnergyCapacityNominal: { value: `${n}.5`, unit: 'kWh' } };
      const path = `/v1/products/${this.product.id}/set-elements`;
      this.product = acknowledged(await this.send(path, { elements, reason }, '200'));
      if (this.reads) await this.read(this.product);
      await sleep(pauseMs);
    }
  }

  private send(path: string, body: object, status: string): Promise<Reply> {
    return this.book.send(this.api, path, body, { expect: [status] });
  }

  private async read({ id, revision, position }: Acknowledged): Promise<void> {
    const after = `after=${position}`;
    const one = await this.api.persist(`/v1/products/${id}?${after}`, {}, patienceMs);
    const maker = encodeURIComponent(this.maker);
    const list = `/v1/products?manufacturer=${maker}&${after}`;
    const listed = await this.api.persist(list, {}, patienceMs);
    const items = listed.body['items'] as Record<string, unknown>[] | undefined;
    const row = items?.find((item) => item['id'] === id);
    for (const [what, shown, { status, text }] of [
      ['alone', one.body['revision'], one],
      ['in its list', row?.['revision'], listed],
    ] as const) {
      if (status === 200 && Number(shown) >= revision) continue;
      this.shownOlder.push(
        `product ${id}, acknowledged at revision ${revision}, is shown ${what} as ${status} ${text.slice(0, 300)}`,
      );
    }
  }
}

const acknowledged = ({ status, body, text }: Reply): Acknowledged => {
  if (status >= 300) throw new Error(`the steady load was refused: ${text}`);
  const { id, revision, position } = body;
  return { id: String(id), revision: Number(revision), position: String(position) };
};

import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiClient, Reply } from '#test/support/client.js';
import { pick } from '#test/support/seeded.js';

const verbs = ['pause', 'resume', 'abort', 'reset-trip', 'cancel'] as const;
type Verb = (typeof verbs)[number];

/** What is answered where it cannot be done: somebody was too late, or something is away. */
const refusals = [409, 429, 503];
const stuckMs = 150_000;

/** Somebody at the screen: lets what was stopped go on, and says what is wrong at any time. */
export class Operator {
  /** Answers that nobody should get. */
  readonly faults: string[] = [];
  private commands = 0;

  constructor(
    private readonly api: ApiClient,
    private readonly random: () => number,
    private readonly name: string,
  ) {}

  /** Now and then some command to some experiment, whether it fits or not; what has stopped goes on mostly. */
  async meddle(ids: readonly string[], over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await sleep(100 + this.random() * 900);
      const id = pick(this.random, ids);
      const chance = this.random();
      if (chance < 0.75) await this.helpOn(id);
      else if (chance < 0.87) await this.order(id, 'pause');
      else await this.order(id, pick(this.random, verbs));
    }
  }

  /** Lets each go on until it has ended. Resolves with those that do not. */
  async bringToEnd(ids: readonly string[]): Promise<readonly string[]> {
    const end = performance.now() + stuckMs;
    let open = ids;
    while (open.length > 0 && performance.now() < end) {
      const ended = await Promise.all(open.map((id) => this.helpOn(id)));
      open = open.filter((_, at) => ended[at] !== true);
      await sleep(500);
    }
    const left = await Promise.all(open.map((id) => this.api.persist(`/v1/experiments/${id}`)));
    return left.map(
      ({ body: { id, status, output, message } }) =>
        `${String(id)} does not come to its end: ${JSON.stringify({ status, output, message })}`,
    );
  }

  /** Resolves with whether it has ended. */
  private async helpOn(id: string): Promise<boolean> {
    const { status, body } = await this.api.persist(`/v1/experiments/${id}`);
    if (status !== 200) return false;
    switch (body['status']) {
      case 'tripped':
        if (body['output'] === 'off') await this.order(id, 'reset-trip');
        return false;
      case 'paused':
      case 'interrupted':
        await this.order(id, 'resume');
        return false;
      case 'cancelled':
      case 'completed':
      case 'aborted':
      case 'failed':
        return true;
      default:
        return false;
    }
  }

  private async order(id: string, verb: Verb): Promise<void> {
    this.commands += 1;
    const key = `${this.name}-${String(this.commands)}`;
    const times = this.random() < 0.2 ? 2 : 1;
    const answers = Array.from({ length: times }, () => this.post(id, verb, key));
    for (const reply of await Promise.all(answers)) {
      if (!reply || reply.status < 300 || refusals.includes(reply.status)) continue;
      this.faults.push(
        `${verb} ${id} answered ${String(reply.status)}: ${reply.text.slice(0, 300)}`,
      );
    }
  }

  /** Undefined: nobody answered. */
  private async post(id: string, verb: Verb, key: string): Promise<Reply | undefined> {
    try {
      const reason = { reason: 'as tested' };
      return await this.api.post(`/v1/experiments/${id}/${verb}`, reason, {
        'idempotency-key': key,
      });
    } catch {
      return undefined;
    }
  }
}

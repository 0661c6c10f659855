import type { EventLog, Position } from './event-log.js';
import { formatPosition } from './position.js';

/** The last event that a follower took of the log: it tells this log from another. */
export interface Anchor {
  readonly position: Position;
  /** Undefined where it was taken before ids were kept: then any event there will do. */
  readonly id: string | undefined;
}

/** Who follows the log, for the message that tells an operator that it was replaced. */
export interface NamedFollower {
  /** As a message names it: "projection product-catalog". */
  readonly name: string;
  /** What an operator does where the log that is there now is the right one. */
  readonly cure: string;
}

/** The log is not the one that was followed: another one, or an older state of the same. */
export class LogReplaced extends Error {
  override readonly name = 'LogReplaced';
}

type Log = Pick<EventLog, 'epoch' | 'idAt' | 'head'>;

/** How long a follower whose log was replaced waits before it checks whether the right one is back. */
export const replacedLogMs = 2_000;

/** The newest event of the log; undefined while it is empty. */
export const newestAnchor = async (
  log: Pick<EventLog, 'head' | 'idAt'>,
): Promise<Anchor | undefined> => {
  const position = await log.head();
  return position && { position, id: await log.idAt(position) };
};

/** Whether the log holds the event that was taken. One read; none where nothing was taken yet. */
export const holdsAnchor = async (
  log: Pick<EventLog, 'idAt'>,
  anchor: Anchor | undefined,
): Promise<boolean> => {
  if (!anchor) return true;
  const id = await log.idAt(anchor.position);
  return id !== undefined && (anchor.id ?? id) === id;
};

/**
 * Whether the log that a follower reads is the one that it has followed so far. It costs one read at
 * the start and after each loss of a connection; in between, `isCurrent` compares two numbers.
 */
export class LogCheck {
  private checked: number | undefined;

  constructor(
    private readonly log: Log,
    private readonly follower: NamedFollower,
  ) {}

  /** Whether the log was checked since a connection was last lost. */
  get isCurrent(): boolean {
    return this.checked === this.log.epoch;
  }

  /**
   * Reads the event at each anchor; the log counts as checked when all are there. Throws `LogReplaced`, and
   * `LogUnavailable` where the log does not answer.
   */
  async run(anchors: readonly Anchor[]): Promise<void> {
    const { epoch } = this.log;
    for (const anchor of anchors) {
      if (await holdsAnchor(this.log, anchor)) continue;
      this.checked = undefined;
      throw new LogReplaced(await this.describe(anchor));
    }
    this.checked = epoch;
  }

  private async describe({ position, id }: Anchor): Promise<string> {
    const { name, cure } = this.follower;
    const found = await this.log.idAt(position);
    const head = await this.log.head();
    const has = found === undefined ? 'no event' : `event ${found}`;
    const end = head ? `ends at position ${formatPosition(head)}` : 'is empty';
    return `this is not the event log that ${name} has followed: it took ${id === undefined ? 'an event' : `event ${id}`} at position ${formatPosition(position)}, where this log, which ${end}, has ${has}. Connect the right log (EVENTSTORE_URL); if this one is right, ${cure}`;
  }
}

import { type EventLog, LogUnavailable, type StoredEvent } from './event-log.js';
import { readOne } from './read-one.js';

/** Where an import notes in the log that it is under way. Types with `$`: no follower is given them. */
export const importStream = 'voltraceImport-log';
export const importBegan = '$importBegan';
export const importVerified = '$importVerified';

/** The log was imported in part: it is not the one that was exported yet. */
export class LogIncomplete extends LogUnavailable {
  override readonly name = 'LogIncomplete';
  override readonly reason =
    'the event log is being imported, or an import was broken off: run "voltrace events import" again, which goes on with it';

  constructor() {
    super('nothing is appended to an event log before its import is verified');
  }
}

/** What the last import into the log noted; undefined where there was none. */
export const lastImport = (log: Pick<EventLog, 'readStream'>): Promise<StoredEvent | undefined> =>
  readOne(log, importStream, { direction: 'backwards' });

/** Keeps a process from appending to a log that is half imported. One read after each loss of a connection. */
export class WholeLog {
  private checked: number | undefined;

  constructor(private readonly log: Pick<EventLog, 'epoch' | 'readStream'>) {}

  /** Whether it was found to be whole since a connection was last lost. */
  get isCurrent(): boolean {
    return this.checked === this.log.epoch;
  }

  /** Throws `LogIncomplete`, and what the log throws. */
  async ensure(): Promise<void> {
    if (this.isCurrent) return;
    const { epoch } = this.log;
    if ((await lastImport(this.log))?.type === importBegan) throw new LogIncomplete();
    this.checked = epoch;
  }
}

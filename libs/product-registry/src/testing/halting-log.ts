import type { EventLog, NewEvent } from '#event-log/event-log.js';

/** Thrown in place of an append: the process is gone. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
}

/**
 * A log whose user meets the end of its process, or a long pause, at one of its appends: so many went
 * through before, or it is the first of such events. Everything else is the real log.
 */
export const haltingLog = (
  log: EventLog,
  at: number | ((events: readonly NewEvent[]) => boolean),
  halt: () => Promise<void>,
): EventLog & { readonly halted: Promise<boolean> } => {
  let left = typeof at === 'number' ? at : Infinity;
  let noteHalt: (halted: boolean) => void = () => undefined;
  const halted = new Promise<boolean>((resolve) => {
    noteHalt = resolve;
  });
  return {
    halted,
    append: async (...call) => {
      left = typeof at === 'number' || !at(call[1]) ? left - 1 : -1;
      if (left < 0) {
        noteHalt(true);
        await halt();
      }
      return log.append(...call);
    },
    readStream: (...call) => log.readStream(...call),
    readAll: (...call) => log.readAll(...call),
    subscribeToAll: (...call) => log.subscribeToAll(...call),
    head: () => log.head(),
    idAt: (position) => log.idAt(position),
    get epoch() {
      return log.epoch;
    },
    close: () => {
      noteHalt(false);
      return Promise.resolve();
    },
  };
};

/** The log of a process that ends at its `at`th append. */
export const dyingLog = (log: EventLog, at: number): EventLog =>
  haltingLog(log, at, () => Promise.reject(new ProcessDied('the process is gone')));

import type { ManufacturerEvent } from './manufacturer/events.js';

/** What the process knows of a manufacturer at its checkpoint. */
export interface KnownManufacturer {
  readonly code: string | null;
  readonly mergedInto: string | null;
}

const unknown: KnownManufacturer = { code: null, mergedInto: null };

/** The manufacturer after the event; the same object where the event tells nothing new of it. */
export const manufacturerAfter = (
  before: KnownManufacturer = unknown,
  event: ManufacturerEvent,
): KnownManufacturer => {
  switch (event.type) {
    case 'EntityCodeIssued':
      return { ...before, code: event.data.code };
    case 'ManufacturerMerged':
      return { ...before, mergedInto: event.data.into };
    default:
      return before;
  }
};

/** The codes and mergers of the manufacturers, as of an event of the log. */
export class KnownManufacturers {
  /** By manufacturer, those that were merged into it: most have none. */
  private readonly merged = new Map<string, string[]>();

  constructor(private readonly known: Map<string, KnownManufacturer>) {
    for (const [id, { mergedInto }] of known) this.note(id, mergedInto);
  }

  /** Whether the event tells something new of the manufacturer. */
  learn(id: string, event: ManufacturerEvent): boolean {
    const before = this.known.get(id);
    const after = manufacturerAfter(before, event);
    if (after === before || after === unknown) return false;
    this.known.set(id, after);
    if (after.mergedInto !== before?.mergedInto) this.note(id, after.mergedInto);
    return true;
  }

  /** A manufacturer is merged once. */
  private note(id: string, into: string | null): void {
    if (into !== null) this.merged.set(into, [...(this.merged.get(into) ?? []), id]);
  }

  /** The manufacturer itself, and those without a code that were merged into it. */
  dependingOn(id: string): readonly string[] {
    const dependents = [...this.known].filter(
      ([one, { code }]) => one !== id && code === null && this.answering(one).includes(id),
    );
    return [id, ...dependents.map(([one]) => one)];
  }

  /** The manufacturer and those that were merged into it, directly or not. */
  mergedInto(id: string): readonly string[] {
    const found = [id];
    // The list grows while it is walked.
    for (const one of found)
      found.push(...(this.merged.get(one) ?? []).filter((other) => !found.includes(other)));
    return found;
  }

  /** All for whom the same one answers as for this one, itself among them. */
  family(id: string): readonly string[] {
    return this.mergedInto(this.answering(id).at(-1) ?? id);
  }

  /** The manufacturers that answer for this one, itself first. */
  answering(id: string): readonly string[] {
    const path = [id];
    for (let next = this.known.get(id)?.mergedInto; next;) {
      if (path.includes(next)) break;
      path.push(next);
      next = this.known.get(next)?.mergedInto;
    }
    return path;
  }

  /** Its own code, or else the code of the manufacturer that it was merged into. */
  codeOf(id: string): string | null {
    for (const one of this.answering(id)) {
      const code = this.known.get(one)?.code;
      if (code) return code;
    }
    return null;
  }
}

import type { KnownMaker } from './assign-codes.store.js';
import type { ManufacturerEvent } from './manufacturer/events.js';

/** The codes and mergers of the makers, as of the process's place in the log. */
export class KnownMakers {
  constructor(private readonly makers: Map<string, KnownMaker>) {}

  /** What is known of the maker after the event; undefined where the event tells nothing new. */
  learn(id: string, event: ManufacturerEvent): KnownMaker | undefined {
    const before = this.makers.get(id) ?? { code: null, mergedInto: null };
    const after = makerAfter(before, event);
    if (after === before) return undefined;
    this.makers.set(id, after);
    return after;
  }

  /** The maker itself, and those without a code that were merged into it. */
  dependingOn(id: string): readonly string[] {
    const dependents = [...this.makers].filter(
      ([maker, { code }]) => maker !== id && code === null && this.answering(maker).includes(id),
    );
    return [id, ...dependents.map(([maker]) => maker)];
  }

  /** The makers that answer for this one, itself first. */
  answering(maker: string): readonly string[] {
    const path = [maker];
    for (let next = this.makers.get(maker)?.mergedInto; next;) {
      if (path.includes(next)) break;
      path.push(next);
      next = this.makers.get(next)?.mergedInto;
    }
    return path;
  }

  /** Its own code, or else the code of the maker that it was merged into. */
  codeOf(maker: string): string | null {
    for (const one of this.answering(maker)) {
      const code = this.makers.get(one)?.code;
      if (code) return code;
    }
    return null;
  }
}

const makerAfter = (before: KnownMaker, event: ManufacturerEvent): KnownMaker => {
  switch (event.type) {
    case 'EntityCodeIssued':
      return { ...before, code: event.data.code };
    case 'ManufacturerMerged':
      return { ...before, mergedInto: event.data.into };
    default:
      return before;
  }
};

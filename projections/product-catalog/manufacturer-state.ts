import type { ManufacturerEvent } from '#product-registry/manufacturer/events.js';

/** A manufacturer as its own stream tells it. `mergedInto` names another stream. */
export interface ManufacturerState {
  readonly id: string;
  readonly name: string;
  readonly code: string | null;
  /** Every EntityCode that it ever had, oldest first. */
  readonly codes: readonly string[];
  readonly aliases: readonly string[];
  readonly mergedInto: string | null;
}

/** The manufacturer after one more event. Pure and total: what comes before the registration is ignored. */
export const evolveManufacturer = (
  state: ManufacturerState | null,
  id: string,
  event: ManufacturerEvent,
): ManufacturerState | null => {
  if (event.type === 'ManufacturerRegistered') {
    const { name } = event.data;
    return { id, name, code: null, codes: [], aliases: [], mergedInto: null };
  }
  if (!state) return null;
  switch (event.type) {
    case 'ManufacturerAliasAdded':
      return { ...state, aliases: including(state.aliases, event.data.alias) };
    case 'EntityCodeIssued': {
      const { code } = event.data;
      return { ...state, code, codes: including(state.codes, code) };
    }
    case 'ManufacturerMerged':
      return { ...state, mergedInto: event.data.into };
    // What was absorbed says so itself, by `ManufacturerMerged`.
    case 'ManufacturerAbsorbed':
      return state;
  }
};

const including = (known: readonly string[], value: string): readonly string[] =>
  known.includes(value) ? known : [...known, value];

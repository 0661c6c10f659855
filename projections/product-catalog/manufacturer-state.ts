import type { ManufacturerEvent } from '#product-registry/manufacturer/events.js';

/** A manufacturer as its own stream states it. `mergedInto` names another stream. */
export interface ManufacturerState {
  readonly id: string;
  readonly name: string;
  readonly code: string | null;
  /** Every EntityCode that it ever had, the one in force last. */
  readonly codes: readonly string[];
  readonly aliases: readonly string[];
  readonly mergedInto: string | null;
  /** Whose products it answers for besides its own, as its own stream says. */
  readonly absorbed: readonly string[];
}

/** The manufacturer after one more event. Pure and total: what comes before the registration is ignored. */
export const evolveManufacturer = (
  state: ManufacturerState | null,
  id: string,
  event: ManufacturerEvent,
): ManufacturerState | null => {
  if (event.type === 'ManufacturerRegistered') {
    const { name } = event.data;
    return { id, name, code: null, codes: [], aliases: [], mergedInto: null, absorbed: [] };
  }
  if (!state) return null;
  switch (event.type) {
    case 'ManufacturerAliasAdded':
      return { ...state, aliases: including(state.aliases, event.data.alias) };
    case 'EntityCodeIssued': {
      const { code } = event.data;
      return { ...state, code, codes: [...state.codes.filter((old) => old !== code), code] };
    }
    case 'EntityCodeListed':
      return state;
    case 'ManufacturerMerged':
      return { ...state, mergedInto: event.data.into };
    case 'ManufacturerAbsorbed':
      return { ...state, absorbed: including(state.absorbed, event.data.manufacturerId) };
  }
};

const including = (known: readonly string[], value: string): readonly string[] =>
  known.includes(value) ? known : [...known, value];

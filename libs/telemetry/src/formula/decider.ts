import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import { formulaCategory, type FormulaEvent, formulaEvents } from './events.js';

/** How a formula is computed. */
export interface Definition {
  readonly expression: string;
  readonly unit: string | null;
  readonly description: string;
  /** The devices that it names, by these names; absent in formulas of before. */
  readonly devices?: Readonly<Record<string, string>>;
}

export type FormulaCommand = CommandOf<{
  /** The first definition, or another one in the place of the last. */
  DefineFormula: Definition & { readonly siteId: string; readonly name: string };
  WithdrawFormula: object;
}>;

export interface KnownFormula {
  readonly status: 'inUse' | 'withdrawn';
  readonly siteId: string;
  readonly name: string;
  /** By version, from 1 on. */
  readonly definitions: readonly Definition[];
}
export type FormulaState = { readonly status: 'absent' } | KnownFormula;

const define = (
  { siteId, name, ...definition }: Definition & { siteId: string; name: string },
  state: FormulaState,
): readonly FormulaEvent[] => {
  if (state.status === 'absent') {
    return [{ type: 'FormulaDefined', data: { siteId, name, version: 1, ...definition } }];
  }
  const last = state.definitions.at(-1);
  const isSame =
    state.status === 'inUse' &&
    last?.expression === definition.expression &&
    last.unit === definition.unit &&
    last.description === definition.description &&
    // In the order in which one expression names them.
    JSON.stringify(last.devices) === JSON.stringify(definition.devices);
  if (isSame) return [];
  const version = state.definitions.length + 1;
  return [{ type: 'FormulaRevised', data: { version, ...definition } }];
};

export const unknownFormula = () =>
  new Refusal('FORMULA_UNKNOWN', 'not-found', 'the site has no such formula');

export const formulaDecider: Decider<FormulaState, FormulaCommand, FormulaEvent> = {
  category: formulaCategory,
  events: formulaEvents,
  initialState: { status: 'absent' },
  decide(command, state) {
    switch (command.type) {
      case 'DefineFormula':
        return define(command.data, state);
      case 'WithdrawFormula':
        if (state.status === 'absent') throw unknownFormula();
        return state.status === 'withdrawn' ? [] : [{ type: 'FormulaWithdrawn', data: {} }];
    }
  },
  evolve(state, event) {
    if (event.type === 'FormulaDefined') {
      const { siteId, name, version: _, ...definition } = event.data;
      return { status: 'inUse', siteId, name, definitions: [definition] };
    }
    if (state.status === 'absent') return state;
    switch (event.type) {
      case 'FormulaRevised': {
        const { version: _, ...definition } = event.data;
        return { ...state, status: 'inUse', definitions: [...state.definitions, definition] };
      }
      case 'FormulaWithdrawn':
        return { ...state, status: 'withdrawn' };
    }
  },
};

import type { EventLog } from '#event-log/event-log.js';
import { keyOwner } from '#event-log/key/claim-key.js';
import { States } from '#event-log/states.js';
import { contentIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';
import { type Expression, readFormula } from '#series/formula.js';

import { deviceDecider, deviceNameKey } from '../device/decider.js';
import { seriesDecider } from '../series/decider.js';
import { formulaDecider, type KnownFormula, unknownFormula } from './decider.js';

/** Formulas within formulas, one in the other. */
const maxDepth = 20;

/** The formula of a name at a site: it needs no other claim to be the only one. */
export const formulaIdOf = (siteId: string, name: string): string =>
  contentIdOf('formula', siteId, name);

/** A series of a device, as a formula names it. */
export interface NamedSeries {
  readonly device: string;
  readonly series: string;
}

/** A formula with all that it names found: other formulas stand in it as what they are. */
export interface Resolved {
  readonly expression: Expression;
  readonly series: ReadonlyMap<string, NamedSeries>;
}

/** The formulas of the write side, and what they name. */
export class Formulas {
  readonly states;
  private readonly devices;
  private readonly series;

  constructor(readonly log: EventLog) {
    this.states = new States(log, formulaDecider);
    this.devices = new States(log, deviceDecider);
    this.series = new States(log, seriesDecider);
  }

  /** Withdrawn ones too: their numbers can still be asked for. Throws `FORMULA_UNKNOWN`. */
  async find(siteId: string, name: string): Promise<KnownFormula> {
    const { state } = await this.states.refresh(formulaIdOf(siteId, name));
    if (state.status === 'absent') throw unknownFormula();
    return state;
  }

  /**
   * Reads an expression and finds what it names. `within`: the formulas that it stands in, its own name first.
   *
   * Throws a `Refusal`: `FORMULA_INVALID`, `FORMULA_NAME_UNKNOWN`, `FORMULA_CYCLE`.
   */
  async resolve(siteId: string, text: string, within: readonly string[]): Promise<Resolved> {
    const { expression, names } = readFormula(text);
    const series = new Map<string, NamedSeries>();
    const formulas = new Map<string, Expression>();
    for (const [name, at] of names) {
      const [first = '', ...rest] = name.split('.');
      if (first === 'analytics') {
        const inner = await this.formulaIn(siteId, rest.join('.'), at, within);
        for (const [one, found] of inner.series) series.set(one, found);
        formulas.set(name, inner.expression);
      } else if (first === 'events') {
        throw invalidName(at, 'a series or a formula: occurrences are not computed with');
      } else {
        series.set(name, await this.seriesOf(siteId, first, rest.join('.'), at));
      }
    }
    return { expression: substituted(expression, formulas), series };
  }

  private async formulaIn(
    siteId: string,
    name: string,
    at: number,
    within: readonly string[],
  ): Promise<Resolved> {
    if (within.includes(name) || within.length > maxDepth) throw cycle(at, [...within, name]);
    const { state } = await this.states.refresh(formulaIdOf(siteId, name));
    const definition = state.status === 'inUse' ? state.definitions.at(-1) : undefined;
    if (!definition) throw unknownName(at, `a formula of the site, and not ${name}`);
    return this.resolve(siteId, definition.expression, [...within, name]);
  }

  private async seriesOf(
    siteId: string,
    deviceName: string,
    series: string,
    at: number,
  ): Promise<NamedSeries> {
    const device = await keyOwner(this.log, deviceNameKey(siteId, deviceName));
    const state = device === undefined ? undefined : (await this.devices.refresh(device)).state;
    const isHere =
      state?.status === 'inUse' &&
      state.attached?.siteId === siteId &&
      state.attached.name === deviceName;
    if (device === undefined || !isHere) {
      throw unknownName(at, `a device of the site, and not ${deviceName}`);
    }
    const { state: known } = await this.series.refresh(device);
    const found = known.get(series);
    if (!found) throw unknownName(at, `a series of ${deviceName}, and not ${series}`);
    if (found.valueType === 'text')
      throw unknownName(at, `numbers, and not the texts of ${series}`);
    return { device, series };
  }
}

const substituted = (
  expression: Expression,
  formulas: ReadonlyMap<string, Expression>,
): Expression => {
  if (expression.is === 'series') return formulas.get(expression.name) ?? expression;
  if (expression.is === 'number') return expression;
  return { ...expression, of: expression.of.map((one) => substituted(one, formulas)) };
};

const errorAt = (at: number, expected: string) => ({
  errors: [
    { pointer: '/expression', reason: `at character ${String(at + 1)}: expected ${expected}` },
  ],
});

const invalidName = (at: number, expected: string) =>
  new Refusal(
    'FORMULA_INVALID',
    'unprocessable',
    'the formula cannot be computed',
    errorAt(at, expected),
  );

const unknownName = (at: number, expected: string) =>
  new Refusal(
    'FORMULA_NAME_UNKNOWN',
    'unprocessable',
    'the formula names what is not there',
    errorAt(at, expected),
  );

const cycle = (at: number, names: readonly string[]) =>
  new Refusal(
    'FORMULA_CYCLE',
    'unprocessable',
    `the formula would need itself: ${names.join(' needs ')}`,
    errorAt(at, 'a formula that does not need this one'),
  );

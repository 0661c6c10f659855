import type { EventLog, Position } from '#event-log/event-log.js';
import { keyOwner, keyOwnerAt } from '#event-log/key/claim-key.js';
import { States } from '#event-log/states.js';
import type { Command } from '#kernel/command.js';
import type { DomainEvent } from '#kernel/event.js';
import { contentIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';
import type { Expression } from '#series/expression.js';
import { type Quantity, quantityIn, quantityOf } from '#series/formula-units.js';
import { readFormula, renamed } from '#series/read-formula.js';

import { deviceDecider, deviceNameKey } from '../device/decider.js';
import { type KnownSeries, seriesDecider } from '../series/decider.js';
import { type Definition, formulaDecider, type KnownFormula, unknownFormula } from './decider.js';

/** Formulas within formulas, one in the other. */
const maxDepth = 20;
/** Numbers, series and functions of one, with those of the formulas in it. */
const maxSize = 2_000;
/** What is said of periods is computed over all of the time before anything else. */
const windowSize = 200;

/** The formula of a name at a site: it needs no other claim to be the only one. */
export const formulaIdOf = (siteId: string, name: string): string =>
  contentIdOf('formula', siteId, name);

/** A series of a device, as a formula names it, and what is known of it. */
export interface NamedSeries {
  readonly device: string;
  readonly series: string;
  readonly known: KnownSeries;
}

/** Occurrences, as a formula names them: 1 for each of them, or what a member of its details says. */
export interface NamedOccurrences {
  readonly siteId: string;
  /** Absent: of every device of the site. */
  readonly devices?: readonly string[];
  /** Absent: of every kind. */
  readonly kinds?: readonly string[];
  readonly field?: string;
}

/** A formula with all that it names found: other formulas stand in it as what they are. */
export interface Resolved {
  readonly expression: Expression;
  readonly series: ReadonlyMap<string, NamedSeries>;
  readonly occurrences: ReadonlyMap<string, NamedOccurrences>;
  readonly quantity: Quantity;
  /** The devices that it names itself, by these names. */
  readonly devices: Readonly<Record<string, string>>;
}

/** Where names are looked up. */
interface Place {
  readonly siteId: string;
  /** The formulas that it stands in, its own name first. */
  readonly within: readonly string[];
  /** As things were called at this position of the log; absent: now. */
  readonly at?: Position | undefined;
  /** Devices that were found when the formula was defined; others are those that have the name. */
  readonly devices?: Readonly<Record<string, string>> | undefined;
  /** Formulas that were met before: each is looked up once. */
  readonly resolved?: Map<string, Resolved>;
}

type PlaceWithDevices = Place & { readonly devices: Record<string, string> };

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
  async find(siteId: string, name: string, at?: Position): Promise<KnownFormula> {
    const state = await stateOf(this.states, formulaIdOf(siteId, name), at);
    if (state.status === 'absent') throw unknownFormula();
    return state;
  }

  /**
   * Reads an expression, finds what it names, and holds units against each other.
   *
   * Throws a `Refusal`: `FORMULA_INVALID`, `FORMULA_NAME_UNKNOWN`, `FORMULA_CYCLE`, `UNIT_MISMATCH`.
   */
  async resolve(text: string, given: Place): Promise<Resolved> {
    const devices: Record<string, string> = { ...given.devices };
    const place = { resolved: new Map<string, Resolved>(), ...given, devices };
    const { expression, names } = readFormula(text);
    const series = new Map<string, NamedSeries>();
    const occurrences = new Map<string, NamedOccurrences>();
    const formulas = new Map<string, Expression>();
    const quantities = new Map<string, Quantity>();
    for (const [name, character] of names) {
      const [first = '', ...rest] = name.split('.');
      if (first === 'analytics') {
        const inner = await this.formulaIn(rest.join('.'), character, place);
        for (const [one, found] of inner.series) series.set(one, found);
        for (const [one, found] of inner.occurrences) occurrences.set(one, found);
        formulas.set(name, inner.expression);
        quantities.set(name, inner.quantity);
      } else if (first === 'events') {
        occurrences.set(name, await this.occurrencesOf(name, character, place));
      } else {
        const found = await this.seriesOf(first, rest.join('.'), character, place);
        series.set(name, found);
        quantities.set(name, quantityIn(found.known.unit));
      }
    }
    const ofName = (name: string): Quantity => quantities.get(name) ?? quantityIn(null);
    const quantity = quantityOf(expression, ofName);
    const whole = substituted(expression, formulas);
    if (sizeOf(whole) > maxSize) throw tooLarge();
    return { expression: whole, series, occurrences, quantity, devices };
  }

  private async formulaIn(name: string, character: number, place: Place): Promise<Resolved> {
    const { siteId, within, at } = place;
    if (within.includes(name) || within.length > maxDepth)
      throw cycle(character, [...within, name]);
    const known = place.resolved?.get(name);
    if (known) return known;
    const state = await stateOf(this.states, formulaIdOf(siteId, name), at);
    const definition = state.status === 'inUse' ? state.definitions.at(-1) : undefined;
    if (!definition) throw unknownName(character, `a formula of the site, and not ${name}`);
    const inner = { ...place, within: [...within, name], devices: definition.devices };
    const resolved = await this.resolve(definition.expression, inner);
    const { unit } = definition;
    const found = unit === null ? resolved : { ...resolved, quantity: quantityIn(unit) };
    place.resolved?.set(name, found);
    return found;
  }

  private async seriesOf(
    name: string,
    series: string,
    character: number,
    place: PlaceWithDevices,
  ): Promise<NamedSeries> {
    const device = await this.deviceOf(name, character, place);
    const known = (await stateOf(this.series, device, place.at)).get(series);
    if (!known) throw unknownName(character, `a series of ${name}, and not ${series}`);
    if (known.valueType === 'text')
      throw unknownName(character, `numbers, and not the texts of ${series}`);
    return { device, series, known };
  }

  /** `events.<device:device>::<kind:kind>.<field>`, each but the dots and colons may be left out. */
  private async occurrencesOf(
    name: string,
    character: number,
    place: PlaceWithDevices,
  ): Promise<NamedOccurrences> {
    const found = /^events\.([^.]*?)::([^.]*)(?:\.(.+))?$/.exec(name);
    if (!found) throw unknownName(character, `events.<device>::<kind>, and not ${name}`);
    const [, devices = '', kinds = '', field] = found;
    const named = (list: string): string[] => list.split(':').filter((one) => one !== '');
    const ids: string[] = [];
    for (const device of named(devices)) ids.push(await this.deviceOf(device, character, place));
    const kept = named(kinds);
    return {
      siteId: place.siteId,
      ...(ids.length > 0 && { devices: ids }),
      ...(kept.length > 0 && { kinds: kept }),
      ...(field !== undefined && { field }),
    };
  }

  /** The device that is known by the name, as long as it is at the site; else the one that has it. */
  private async deviceOf(
    name: string,
    character: number,
    { siteId, at, devices }: PlaceWithDevices,
  ): Promise<string> {
    const known = Object.hasOwn(devices, name) ? devices[name] : undefined;
    if (known !== undefined && (await this.placeOf(known, at))?.siteId === siteId) return known;
    const key = deviceNameKey(siteId, name);
    const device = await (at ? keyOwnerAt(this.log, key, at) : keyOwner(this.log, key));
    const place = device === undefined ? undefined : await this.placeOf(device, at);
    if (device === undefined || place?.siteId !== siteId || place.name !== name)
      throw unknownName(character, `a device of the site, and not ${name}`);
    devices[name] = device;
    return device;
  }

  /** The expression with its devices called as they are now, or were then. */
  async named(
    siteId: string,
    { expression, devices = {} }: Definition,
    at?: Position,
  ): Promise<string> {
    const names = new Map<string, string>();
    for (const [name, device] of Object.entries(devices)) {
      const place = await this.placeOf(device, at);
      if (place?.siteId === siteId) names.set(name, place.name);
    }
    return renamed(expression, names);
  }

  private async placeOf(device: string, at: Position | undefined) {
    const state = await stateOf(this.devices, device, at);
    return state.status === 'inUse' ? state.attached : null;
  }
}

const stateOf = async <S, C extends Command, E extends DomainEvent>(
  states: States<S, C, E>,
  id: string,
  at: Position | undefined,
): Promise<S> => (at ? states.at(id, at) : (await states.refresh(id)).state);

const sizeOf = (expression: Expression): number => {
  if (expression.is === 'window') return windowSize + sizeOf(expression.of);
  if (expression.is !== 'call') return 1;
  return expression.of.reduce((sum, one) => sum + sizeOf(one), 1);
};

const tooLarge = () =>
  new Refusal(
    'FORMULA_INVALID',
    'unprocessable',
    'the formula is too large with those that it names',
    {
      errors: [
        {
          pointer: '/expression',
          reason: `expected at most ${String(maxSize)} numbers, series and functions`,
        },
      ],
    },
  );

const substituted = (
  expression: Expression,
  formulas: ReadonlyMap<string, Expression>,
): Expression => {
  if (expression.is === 'series') return formulas.get(expression.name) ?? expression;
  if (expression.is === 'number') return expression;
  if (expression.is === 'window')
    return { ...expression, of: substituted(expression.of, formulas) };
  return { ...expression, of: expression.of.map((one) => substituted(one, formulas)) };
};

const errorAt = (character: number, expected: string) => ({
  errors: [
    {
      pointer: '/expression',
      reason: `at character ${String(character + 1)}: expected ${expected}`,
    },
  ],
});

const unknownName = (character: number, expected: string) =>
  new Refusal(
    'FORMULA_NAME_UNKNOWN',
    'unprocessable',
    'the formula names what is not there',
    errorAt(character, expected),
  );

const cycle = (character: number, names: readonly string[]) =>
  new Refusal(
    'FORMULA_CYCLE',
    'unprocessable',
    `the formula would need itself: ${names.join(' needs ')}`,
    errorAt(character, 'a formula that does not need this one'),
  );

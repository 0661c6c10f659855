import { usage } from './exit-codes.js';

/** What the API takes for one element. */
export interface ElementInput {
  readonly value?: unknown;
  readonly unit?: string;
  readonly state?: string;
}

export const elementArgumentsHelp = `
An element is written <name>=<value>, a number with its unit:
  EnergyCapacityNominal=13.5kWh   BatteryChemistryType=LiFePO4   Description='48 V module'
JSON says what this cannot, for instance that a text looks like a number with a unit:
  ProdName='"48V"'   EnergyCapacityUsable='{"state":"notSubmitted"}'`;

const numberWithUnit = /^([+-]?\d+(?:\.\d+)?)\s*([A-Za-z%°µΩ][\w%°µΩ/^*.-]*)?$/u;

/** `['Mass=12.5kg']` -> `{ Mass: { value: '12.5', unit: 'kg' } }`. Throws `CommandFailure` (usage). */
export function readElementArguments(texts: readonly string[]): Record<string, ElementInput> {
  const elements = new Map<string, ElementInput>();
  for (const text of texts) {
    const at = text.indexOf('=');
    const name = text.slice(0, Math.max(at, 0)).trim();
    const value = text.slice(at + 1).trim();
    if (name === '' || value === '') {
      throw usage(
        `"${text}" is no element; expected <name>=<value>[unit], such as EnergyCapacityNominal=13.5kWh`,
      );
    }
    if (elements.has(name)) throw usage(`"${name}" is given twice`);
    elements.set(name, readValue(name, value));
  }
  return Object.fromEntries(elements);
}

function readValue(name: string, text: string): ElementInput {
  if (/^["[{]/.test(text)) return readJson(name, text);
  const [, value, unit] = numberWithUnit.exec(text) ?? [];
  if (value === undefined) return { value: text };
  return { value: value.replace(/^\+/, ''), ...(unit !== undefined && { unit }) };
}

function readJson(name: string, text: string): ElementInput {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw usage(`The value of "${name}" begins like JSON and is none: ${(error as Error).message}`);
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as ElementInput) : { value };
}

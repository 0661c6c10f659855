import type { ProductType } from '../product/events.js';
import { batteryFacts } from './battery-facts.js';
import { batteryRules } from './battery-rules.js';
import type { Finding, Judged, Rule } from './rule.js';

/** What is hard to believe of a product's elements, by the rules of today. */
export const findingsOf = (type: ProductType, elements: Judged): readonly Finding[] =>
  judges[type](elements);

const judgedBy =
  <F>(rules: readonly Rule<F>[], factsOf: (elements: Judged) => F) =>
  (elements: Judged): readonly Finding[] => {
    const facts = factsOf(elements);
    const findings: Finding[] = [];
    for (const { rule, version, finds } of rules) {
      for (const found of finds(facts)) findings.push({ rule, version, ...found });
    }
    return findings;
  };

const judges: Readonly<Record<ProductType, (elements: Judged) => readonly Finding[]>> = {
  ProdBattery: judgedBy(batteryRules, batteryFacts),
};

const rulesByType = { ProdBattery: batteryRules } as const satisfies Record<ProductType, unknown>;

/** The rules of a type, for people. */
export const plausibilityRules = (
  type: ProductType,
): readonly { readonly rule: string; readonly version: number; readonly about: string }[] =>
  rulesByType[type].map(({ rule, version, about }) => ({ rule, version, about }));

import type { ProductType } from '../product/events.js';
import { batteryRules } from './battery-rules.js';
import type { Finding, Judged, Rule } from './rule.js';

const rulesByType: Readonly<Record<ProductType, readonly Rule[]>> = { ProdBattery: batteryRules };

/** The rules of a type, for people. */
export const plausibilityRules = (
  type: ProductType,
): readonly { readonly rule: string; readonly version: number; readonly about: string }[] =>
  rulesByType[type].map(({ rule, version, about }) => ({ rule, version, about }));

/** What is hard to believe of a product's elements, by the rules of today. */
export const findingsOf = (type: ProductType, elements: Judged): readonly Finding[] =>
  rulesByType[type].flatMap(({ rule, version, finds }) =>
    finds(elements).map((finding) => ({ rule, version, ...finding })),
  );

import { randomUUID } from 'node:crypto';

import type { Fact } from '#fanout/fact.js';

let position = 1_000n;

/** A fact as a transport delivers it, each with a position of its own. */
export const factOf = (
  stream: string,
  type: string,
  data: Fact['data'],
  more: Partial<Fact> = {},
): Fact => {
  position += 1n;
  return {
    id: randomUUID(),
    type,
    stream,
    key: stream,
    revision: 0n,
    position: { commit: position, prepare: position },
    occurredAt: '2026-02-11T08:00:00.000Z',
    recordedAt: '2026-02-11T08:00:00.000Z',
    correlationId: randomUUID(),
    causationId: randomUUID(),
    data,
    ...more,
  };
};

const published = (type: string): string => `voltrace.product-registry.${type}.v1`;

export const product = (id: string, type: string, more: Partial<Fact> = {}): Fact =>
  factOf(`product-${id}`, published(type), {}, more);

export const registered = (id: string, manufacturerId: string, more: Partial<Fact> = {}): Fact =>
  factOf(`product-${id}`, published('ProductRegistered'), { manufacturerId }, more);

export const named = (id: string, name: string, more: Partial<Fact> = {}): Fact =>
  factOf(`manufacturer-${id}`, published('ManufacturerRegistered'), { name }, more);

export const merged = (id: string, into: string, more: Partial<Fact> = {}): Fact =>
  factOf(`manufacturer-${id}`, published('ManufacturerMerged'), { into }, more);

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { upcast } from '#event-log/codec.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { projectRoot } from '#testing/build.js';

import { productDecider } from './product/decider.js';
import { evolveDocument, type ProductDocument } from './product/document.js';
import type { ProductEvent } from './product/events.js';

// The fixtures are what is on somebody's disk: entries are added, never changed.

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(join(projectRoot, 'libs/product-registry/fixtures', name), 'utf8'));
const stored = (name: string) => fixture(name) as readonly StoredEvent[];

describe('what was stored once', () => {
  const products = stored('product.stored.json').map((event) =>
    upcast<ProductEvent>(productDecider, event),
  );

  it('still folds to the same document of a product', () => {
    const document = products.reduce<ProductDocument | null>(
      (before, event) => evolveDocument(before, 'p1', event),
      null,
    );
    expect(document).toEqual(fixture('product.document.json'));
  });
});

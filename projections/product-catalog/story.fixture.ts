import type { EventMetadata } from '#kernel/event.js';
import {
  type ManufacturerEvent,
  manufacturerStream,
} from '#product-registry/manufacturer/events.js';
import {
  type Elements,
  type ElementValue,
  type ProductEvent,
  productStream,
} from '#product-registry/product/events.js';
import { appendAll, EventStory, idOf } from '#testing/event-story.js';

export { appendAll, idOf };

export const decimal = (value: string, unit: string): ElementValue => ({
  state: 'submitted',
  value,
  unit,
});

export const text = (value: string): ElementValue => ({ state: 'submitted', value });

/** Events of the registry. */
export class Story extends EventStory {
  product(name: string, event: ProductEvent, metadata?: Partial<EventMetadata>): this {
    return this.add(productStream(idOf(name)), event, metadata);
  }

  manufacturer(name: string, event: ManufacturerEvent): this {
    return this.add(manufacturerStream(idOf(name)), event);
  }

  /** A maker with its name and, where given, its code. */
  maker(name: string, code?: string): this {
    this.manufacturer(name, { type: 'ManufacturerRegistered', data: { name } });
    if (code === undefined) return this;
    const data = { code, previous: null, rule: 'manual' } as const;
    return this.manufacturer(name, { type: 'EntityCodeIssued', data });
  }

  /** A battery of a maker with its code and, where given, its elements. */
  battery(name: string, maker: string, code: string | null, elements?: Elements): this {
    this.product(name, {
      type: 'ProductRegistered',
      data: {
        productType: 'ProdBattery',
        manufacturerId: idOf(maker),
        model: name,
        modelKey: name,
        code,
      },
    });
    return elements ? this.set(name, elements) : this;
  }

  set(name: string, elements: Elements): this {
    return this.product(name, { type: 'ElementsSet', data: { elements } });
  }
}

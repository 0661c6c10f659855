import type { EventLog, Position } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import { newest } from '#event-log/reading.js';
import { manufacturerDecider } from '#product-registry/manufacturer/decider.js';
import {
  type ManufacturerEvent,
  manufacturerStream,
} from '#product-registry/manufacturer/events.js';
import { productDecider } from '#product-registry/product/decider.js';
import { evolveDocument, type ProductDocument } from '#product-registry/product/document.js';
import { type ProductEvent, productStream } from '#product-registry/product/events.js';

import type { ManufacturerView } from './manufacturer-list.js';
import { evolveManufacturer, type ManufacturerState } from './manufacturer-state.js';
import { documentView, type ManufacturerReference, type ProductView } from './product-view.js';
import { StreamFolds, type Version } from './stream-folds.js';

const mergersAtMost = 100;

/** Products and manufacturers as the log tells them: every version, and as of any position. */
export class CatalogHistory {
  private readonly products: StreamFolds<ProductDocument, ProductEvent>;
  private readonly manufacturers: StreamFolds<ManufacturerState, ManufacturerEvent>;

  constructor(log: Pick<EventLog, 'readStream'>) {
    this.products = new StreamFolds(log, {
      streamOf: productStream,
      read: (stored) => newest<ProductEvent>(productDecider, stored),
      evolve: evolveDocument,
    });
    this.manufacturers = new StreamFolds(log, {
      streamOf: manufacturerStream,
      read: (stored) => newest<ManufacturerEvent>(manufacturerDecider, stored),
      evolve: evolveManufacturer,
    });
  }

  /** Every version of a product's stream; none, or none with a state, where there is no product. */
  productVersions(id: string): Promise<readonly Version<ProductDocument>[]> {
    return this.products.versions(id);
  }

  manufacturerVersions(id: string): Promise<readonly Version<ManufacturerState>[]> {
    return this.manufacturers.versions(id);
  }

  /** The product at a position, with its manufacturer at that position; undefined before it was registered. */
  async productAt(id: string, position: Position): Promise<ProductView | undefined> {
    const version = await this.products.at(id, position);
    if (!version?.state) return undefined;
    const { state } = version;
    return {
      id,
      code: state.code,
      type: state.type,
      manufacturer: await this.referenceAt(state.manufacturer.id, position),
      model: state.model,
      ...documentView(state),
      revision: Number(version.revision),
      position: formatPosition(version.position),
    };
  }

  /** The manufacturer that answered for that id at a position; undefined before it was registered. */
  async manufacturerAt(id: string, position: Position): Promise<ManufacturerView | undefined> {
    const version = await this.answeringAt(id, position);
    if (!version?.state) return undefined;
    const { state } = version;
    const kin = await this.kinAt(state, position);
    const names = kin.flatMap(({ name, aliases }) => [name, ...aliases]).sort();
    return {
      id: state.id,
      name: state.name,
      code: state.code,
      formerCodes: state.codes.filter((code) => code !== state.code),
      aliases: [...new Set([...state.aliases, ...names])],
      merged: kin.map((one) => one.id).sort(),
      products: null,
      revision: Number(version.revision),
      position: formatPosition(version.position),
    };
  }

  private async referenceAt(id: string, position: Position): Promise<ManufacturerReference> {
    const state = (await this.answeringAt(id, position))?.state;
    return { id: state?.id ?? id, name: state?.name ?? null, code: state?.code ?? null };
  }

  /** Follows the mergers that had happened by then. Two that met could have closed a ring: it ends. */
  private async answeringAt(
    id: string,
    position: Position,
  ): Promise<Version<ManufacturerState> | undefined> {
    let version = await this.manufacturers.at(id, position);
    for (let steps = 0; steps < mergersAtMost; steps += 1) {
      const into = version?.state?.mergedInto ?? null;
      if (into === null || into === id) break;
      const next = await this.manufacturers.at(into, position);
      if (!next?.state) break;
      version = next;
    }
    return version;
  }

  /** Those that had been merged into it by then, directly or not. */
  private async kinAt(
    state: ManufacturerState,
    position: Position,
  ): Promise<readonly ManufacturerState[]> {
    const family = [state];
    const seen = new Set([state.id]);
    // The list grows while it is walked: what a member absorbed belongs to the family too.
    for (const member of family) {
      for (const id of member.absorbed.filter((one) => !seen.has(one))) {
        seen.add(id);
        const kin = (await this.manufacturers.at(id, position))?.state;
        // The merged one's own word comes a moment after its taker's, and only with it they are one.
        if (kin?.mergedInto === member.id) family.push(kin);
      }
    }
    return family.slice(1);
  }
}

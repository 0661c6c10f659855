import { newest } from '#event-log/reading.js';
import type { CommandMeta } from '#kernel/command.js';
import { commandIdOf } from '#kernel/ids.js';

import { derivedEntityCodeOf } from '../../codes.js';
import { resolveManufacturer } from '../../manufacturer/resolve-manufacturer.js';
import { productDecider } from '../../product/decider.js';
import { differences } from '../../product/differences.js';
import { evolveDocument, type ProductDocument } from '../../product/document.js';
import { type ProductEvent, productStream } from '../../product/events.js';
import { previewListing } from '../../product/reconcile-listing.js';
import type { ProductRegistry } from '../../registry.js';
import { normaliseBattery } from '../normalise/battery.js';
import { cellOf } from '../normalise/battery-cells.js';
import type { UsableRow } from '../normalise/normalised-row.js';
import type { ListFile, ListRow } from '../reading/list-file.js';
import { FirstMentions } from '../run/first-mentions.js';
import { isOpen, namedTwice, uncodedProblem } from '../run/plan-products.js';
import { refusedRow } from '../run/refused-row.js';
import { type Look, type Previewed, type PreviewedChange, settledLook } from './previewed.js';

/** What rows of a list of products would change. */
export const productLook = (
  registry: ProductRegistry,
  file: ListFile,
  issueCodes: boolean,
): Look => {
  const mentions = new FirstMentions(file.rows);
  return (row) => {
    const normalised = normaliseBattery(row, file.decimalMark);
    if ('rejected' in normalised) {
      return settledLook({ row: row.row, outcome: 'rejected', problems: normalised.rejected });
    }
    const twice = namedTwice(mentions, normalised, row);
    return twice ? settledLook(twice) : () => lookAt(registry, row, normalised, issueCodes);
  };
};

const lookAt = async (
  registry: ProductRegistry,
  row: ListRow,
  usable: UsableRow,
  issueCodes: boolean,
): Promise<Previewed> => {
  const { manufacturer, model } = usable.facts;
  try {
    const maker = (await resolveManufacturer(registry, manufacturer)) ?? {
      id: null,
      makerCode: issueCodes ? derivedEntityCodeOf(manufacturer) : null,
    };
    const { productId, events } = await previewListing(registry, usable.facts, nobody, maker);
    const before = productId === null ? null : await documentOf(registry, productId);
    const after = events.reduce(
      (document, event) => evolveDocument(document, productId ?? 'new', event),
      before,
    );
    const willHaveCode = issueCodes && maker.id !== null && maker.state.code === null;
    const uncoded = after?.code === null && !willHaveCode ? uncodedProblem(row) : undefined;
    const problems = uncoded ? [...usable.problems, uncoded] : usable.problems;
    const open =
      productId !== null && usable.needsReview
        ? isOpen(usable, (await registry.products.refresh(productId)).state)
        : usable.needsReview;
    const taken = events.length > 0 ? 'accepted' : 'unchanged';
    return {
      outcome: {
        row: row.row,
        outcome: open || uncoded ? 'needsReview' : taken,
        ...(productId !== null && { productId }),
        ...(problems.length > 0 && { problems }),
      },
      changes: changesOf(row.row, productId, `${manufacturer} ${model}`, before, after),
    };
  } catch (error) {
    const outcome = refusedRow(row.row, error, (pointer) => cellOf(row, pointer));
    return { outcome, changes: [] };
  }
};

/** A new product is one change, whatever it is made of. */
const changesOf = (
  row: number,
  id: string | null,
  name: string,
  before: ProductDocument | null,
  after: ProductDocument | null,
): readonly PreviewedChange[] => {
  if (id === null) {
    const { code = null, elements = {} } = after ?? {};
    return [{ row, id, name, path: '', from: null, to: { code, elements } }];
  }
  return differences(before, after).map((change) => ({ row, id, name, ...change }));
};

const documentOf = async (
  { log }: ProductRegistry,
  productId: string,
): Promise<ProductDocument | null> => {
  let document: ProductDocument | null = null;
  for await (const stored of log.readStream(productStream(productId))) {
    const event = newest<ProductEvent>(productDecider, stored);
    if (event) document = evolveDocument(document, productId, event);
  }
  return document;
};

/** Nothing is appended, so that nobody is named. */
const nobody: CommandMeta = {
  commandId: commandIdOf('nobody', 'preview', ''),
  actor: { id: 'nobody', kind: 'system', roles: [] },
  source: 'import',
  occurredAt: '1970-01-01T00:00:00.000Z',
  correlationId: 'preview',
};

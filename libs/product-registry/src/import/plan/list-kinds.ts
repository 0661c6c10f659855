import type { ImportKind } from '../events.js';
import { manufacturerLists } from './manufacturer-rows.js';
import type { ListKind } from './planned-row.js';
import { productLists } from './product-rows.js';

export const listKinds: Readonly<Record<ImportKind, ListKind>> = {
  products: productLists,
  manufacturers: manufacturerLists,
};

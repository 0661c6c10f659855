import type pg from 'pg';

import { catalog } from './product-catalog.projection.js';
import { productColumns, productsJoined } from './product-list.js';
import { type ProductView, productView, type ProductViewRow } from './product-view.js';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The id that a path names where it is written as one; undefined for a code. */
export const asId = (idOrCode: string): string | undefined =>
  uuid.test(idOrCode) ? idOrCode.toLowerCase() : undefined;

/** The product that has or had the code; undefined where none did. Case does not matter. */
export const productIdOfCode = async (
  pool: Pick<pg.Pool, 'query'>,
  code: string,
): Promise<string | undefined> => {
  const { rows } = await pool.query<{ product_id: string }>(
    `select product_id from ${catalog}.product_codes where code = $1`,
    [code.toUpperCase()],
  );
  return rows[0]?.product_id;
};

/** The product of an id, or of a code that it has or had; undefined where there is none. */
export const findProduct = async (
  pool: Pick<pg.Pool, 'query'>,
  idOrCode: string,
): Promise<ProductView | undefined> => {
  const id = asId(idOrCode);
  const of =
    id === undefined
      ? `p.id = (select product_id from ${catalog}.product_codes where code = $1)`
      : 'p.id = $1';
  const { rows } = await pool.query<ProductViewRow>(
    `select ${productColumns} from ${productsJoined} where ${of}`,
    [id ?? idOrCode.toUpperCase()],
  );
  return rows[0] && productView(rows[0]);
};

/**
 * The manufacturer of an id, or the one that has (else: had) that EntityCode; mergers not followed.
 * Undefined where there is none.
 */
export const manufacturerIdOf = async (
  pool: Pick<pg.Pool, 'query'>,
  idOrCode: string,
): Promise<string | undefined> => {
  const id = asId(idOrCode);
  if (id !== undefined) return id;
  const { rows } = await pool.query<{ id: string }>(
    `select id from ${catalog}.manufacturers
     where $1 = any(codes)
     order by (code = $1) desc nulls last, id
     limit 1`,
    [idOrCode.toUpperCase()],
  );
  return rows[0]?.id;
};

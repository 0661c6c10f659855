import { Refusal } from '#kernel/refusal.js';

import { modelKeyOf, prodCodeOf } from '../codes.js';
import { damageKeyOf, lookAlikeKeyOf, plainSpellingOf } from '../look-alike.js';
import {
  manufacturerState,
  type ResolvedManufacturer,
} from '../manufacturer/resolve-manufacturer.js';
import type { ProductRegistry } from '../registry.js';
import type { ListedFacts } from './commands.js';
import type { RegisteredProduct } from './decider.js';
import { productIdOfCode } from './find-product.js';
import { isDeclined } from './listed-names.js';

/** A registered product that a model looks like, and is not. */
export interface LookAlike {
  readonly productId: string;
  readonly model: string;
  readonly code: string | null;
}

/** As many products of one base code are looked at; `claimProdCode` gives out no more. */
const maxClashes = 99;

/**
 * A product of the manufacturer, or of one that was merged into it, whose model only looks different: by case, dashes,
 * white space, letters of another script, or characters that a program lost.
 *
 * It is found by its ProdCode, in which all but Latin letters and digits of a model are `_` and case does not
 * count: models that look alike claim the same code, so that nothing has to be stored or claimed for this,
 * and what the log says now is what is found. Not found are products without a code, and such as are themselves written
 * with letters of another script, or with other spaces than the model; nor those that `isOther` tells apart.
 */
export const findLookAlike = async (
  registry: ProductRegistry,
  { family }: ResolvedManufacturer,
  model: string,
  isOther: (state: RegisteredProduct) => boolean = () => false,
): Promise<LookAlike | undefined> => {
  const key = modelKeyOf(model);
  const states = await Promise.all(family.map((id) => manufacturerState(registry, id)));
  const codes = new Set(states.flatMap(({ code }) => code ?? []));
  for (const entityCode of codes) {
    for (const spelling of spellingsOf(key)) {
      for await (const { productId, state } of productsOfCode(registry, entityCode, spelling)) {
        const { model: known, code } = state;
        if (modelKeyOf(known) === key || !looksLike(known, key) || isOther(state)) continue;
        return { productId, model: known, code };
      }
    }
  }
  return undefined;
};

/** Whether one model is the other one in another writing, or what is left of it after some characters were lost. */
export const looksLike = (a: string, b: string): boolean => {
  if (lookAlikeKeyOf(a) === lookAlikeKeyOf(b)) return true;
  return (isDamaged(a) || isDamaged(b)) && damageKeyOf(a) === damageKeyOf(b);
};

const isDamaged = (model: string): boolean => /[?\ufffd]/.test(model);

/** What the model may stand as in a code. */
const spellingsOf = (model: string): ReadonlySet<string> => {
  const plain = plainSpellingOf(model);
  const spellings = [model, plain, plain.replace(/\s+/gu, '')];
  // Of one lost character there may be several marks.
  return new Set([...spellings, model.replace(/[?\ufffd]{2,}/gu, '?')].filter((one) => one !== ''));
};

/** The products that have or had the base code of a model, and its numbered ones, in the order of their claims. */
async function* productsOfCode(
  registry: ProductRegistry,
  entityCode: string,
  model: string,
): AsyncGenerator<{ readonly productId: string; readonly state: RegisteredProduct }> {
  for (let attempt = 0; attempt <= maxClashes; attempt += 1) {
    const code = codeOrNone(entityCode, model, attempt);
    const productId = code === undefined ? undefined : await productIdOfCode(registry, code);
    if (productId === undefined) return;
    const { state } =
      registry.products.cached(productId) ?? (await registry.products.refresh(productId));
    if (state.status === 'absent') continue;
    yield { productId, state };
  }
}

/** Undefined for a model that is too long to have one. */
const codeOrNone = (entityCode: string, model: string, attempt: number): string | undefined => {
  try {
    return prodCodeOf(entityCode, model, attempt);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
};

/** Such as `"PB-100" (AURCE-PB_100, 0f8fad5b-…)`. */
export const shownLookAlike = ({ model, code, productId }: LookAlike): string =>
  `"${model}" (${[...(code === null ? [] : [code]), productId].join(', ')})`;

/** Throws `MODEL_LOOKS_ALIKE` (`conflict`, details: `productId`), unless a person said that the row is another product. */
export const refuseLookAlike = async (
  registry: ProductRegistry,
  maker: ResolvedManufacturer,
  facts: ListedFacts,
): Promise<void> => {
  const found = await findLookAlike(registry, maker, facts.model, (state) =>
    isDeclined(state, facts),
  );
  if (!found) return;
  const reason = `looks like ${shownLookAlike(found)}, and is written differently`;
  throw new Refusal('MODEL_LOOKS_ALIKE', 'conflict', `the model ${reason}`, {
    productId: found.productId,
    errors: [{ pointer: '/model', reason }],
  });
};

import type { Position } from '#event-log/event-log.js';
import { comparePositions } from '#event-log/position.js';

import { modelKeyOf } from '../../codes.js';
import { lookAlikeKeyOf } from '../../look-alike.js';
import { makerGroupOf } from '../../manufacturer/maker-group.js';
import {
  manufacturerState,
  type ResolvedManufacturer,
  resolveManufacturer,
} from '../../manufacturer/resolve-manufacturer.js';
import { answeringPath } from '../../product/answering-product.js';
import { currentCertifications } from '../../product/certifications.js';
import type { ListedFacts } from '../../product/commands.js';
import type { RegisteredProduct } from '../../product/decider.js';
import { productStream } from '../../product/events.js';
import { findProductId } from '../../product/find-product.js';
import { isDeclined } from '../../product/listed-names.js';
import { identityOf, namesOf } from '../../product/names.js';
import { newerListThan } from '../../product/reconcile.js';
import type { ProductRegistry } from '../../registry.js';
import type { RowProposal } from '../events.js';
import { hasEqualValues } from './equal-values.js';
import type { NamesInFile } from './names-in-file.js';
import type { RegisteredNames } from './registered-names.js';
import type { SimilarMakers } from './similar-makers.js';

/** A registered product that a row seems to be under another name. */
export interface Candidate {
  readonly productId: string;
  readonly state: RegisteredProduct;
  readonly maker: ResolvedManufacturer;
  readonly kind: RowProposal['kind'];
  /** The date of a newer list that named the product: then this one proposes nothing. */
  readonly newer: string | undefined;
}

export interface FoundCandidates {
  /** The best one. */
  readonly candidate: Candidate | undefined;
  /** A person said of a product that it is not the one that the row names. */
  readonly isDeclined: boolean;
}

interface Weighed extends Candidate {
  /** What tells better candidates from worse, in this order; less is better. */
  readonly rank: readonly number[];
}

/**
 * Finds the product that a row seems to be whose name is not registered: by a manufacturer or a model that looks alike,
 * or of another manufacturer by equal values, as `pairRows` pairs the rows of two lists. Those of similar manufacturers
 * are found in the log; who else has such a model is asked of the read model, and what it is is read from the log.
 */
export class Candidates {
  constructor(
    private readonly makers: SimilarMakers,
    private readonly registered: RegisteredNames,
    private readonly names: NamesInFile,
  ) {}

  /** `earlier`: names of manufacturers that the file wrote before and that look like the row's. */
  async find(
    registry: ProductRegistry,
    facts: ListedFacts,
    earlier: readonly string[],
  ): Promise<FoundCandidates> {
    const own = await resolveManufacturer(registry, facts.manufacturer);
    const similar = await this.makers.of(registry, facts.manufacturer, earlier, own);
    const named = await productsOf(registry, similar, facts.model);
    const found = new Map<string, Weighed>();
    let declined = false;
    for (const id of new Set([...named, ...(await this.registered.productsOfModel(facts.model))])) {
      const last = (await answeringPath(registry, id)).at(-1);
      if (!last || found.has(last.id)) continue;
      const weighed = await this.weigh(registry, facts, last, { own, similar, named });
      if (!weighed) continue;
      if (isDeclined(weighed.state, facts)) declined = true;
      else found.set(last.id, weighed);
    }
    return { candidate: await bestOf(registry, [...found.values()]), isDeclined: declined };
  }

  /** Whether the file names the product by a name of its own: then it was not renamed. */
  async isNamedByFile(registry: ProductRegistry, state: RegisteredProduct): Promise<boolean> {
    for (const { manufacturerId, modelKey } of namesOf(state)) {
      const maker = await resolveManufacturer(registry, manufacturerId);
      for (const id of maker?.family ?? []) {
        const { name, aliases } = await manufacturerState(registry, id);
        for (const one of [name, ...aliases]) {
          if (await this.names.has(one, modelKey)) return true;
        }
      }
    }
    return false;
  }

  private async weigh(
    registry: ProductRegistry,
    facts: ListedFacts,
    { id, state }: { readonly id: string; readonly state: RegisteredProduct },
    { own, similar, named }: Around,
  ): Promise<Weighed | undefined> {
    const { manufacturerId, modelKey } = identityOf(state);
    const maker = await resolveManufacturer(registry, manufacturerId);
    // Models of its own manufacturer that look alike are found by their codes.
    if (!maker || maker.id === own?.id) return undefined;
    const isSimilar =
      similar.some((one) => one.id === maker.id) || looksLike(maker, facts.manufacturer);
    const isModel = modelKey === modelKeyOf(facts.model);
    const isEqual = hasEqualValues(facts, state);
    // By a similar manufacturer that it had once, too.
    const isKnownSo = named.has(id) || (isSimilar && isModel);
    const isRespelled = isSimilar && lookAlikeKeyOf(modelKey) === lookAlikeKeyOf(facts.model);
    if (!isKnownSo && !(isEqual && (isRespelled || isModel))) return undefined;
    // Two spellings of one name in one file are one product all the same.
    if (!isKnownSo && (await this.isNamedByFile(registry, state))) return undefined;
    return {
      ...{ productId: id, state, maker, newer: newerListThan(facts, state) },
      kind: isKnownSo || isRespelled ? 'rename' : 'transfer',
      rank: [
        isKnownSo ? 0 : isRespelled ? 1 : 2,
        isEqual ? 0 : 1,
        hasEqualCertificate(facts, state) ? 0 : 1,
      ],
    };
  }
}

/** What stands around a row. */
interface Around {
  readonly own: ResolvedManufacturer | undefined;
  readonly similar: readonly ResolvedManufacturer[];
  /** Products that have or had the row's model under a similar manufacturer. */
  readonly named: ReadonlySet<string>;
}

const productsOf = async (
  registry: ProductRegistry,
  makers: readonly ResolvedManufacturer[],
  model: string,
): Promise<ReadonlySet<string>> => {
  const members = makers.flatMap(({ family }) => family);
  const found = await Promise.all(members.map((id) => findProductId(registry, id, model)));
  return new Set(found.filter((id) => id !== undefined));
};

const looksLike = ({ state: { name, aliases } }: ResolvedManufacturer, other: string): boolean =>
  [name, ...aliases].map(makerGroupOf).includes(makerGroupOf(other));

const hasEqualCertificate = ({ certification }: ListedFacts, state: RegisteredProduct): boolean =>
  currentCertifications(state).some(
    ({ agency, standard, certificateDate }) =>
      agency === certification?.agency &&
      standard === certification.standard &&
      certificateDate === certification.certificateDate,
  );

/** One that no newer list named before one that was; of equal ones that which was registered first. */
const bestOf = async (
  registry: ProductRegistry,
  found: readonly Weighed[],
): Promise<Candidate | undefined> => {
  if (found.length < 2) return found[0];
  const dated = await Promise.all(
    found.map(async (one) => ({ one, at: await registeredAt(registry, one.productId) })),
  );
  dated.sort((a, b) => compareRanks(rankOf(a.one), rankOf(b.one)) || comparePositions(a.at, b.at));
  return dated[0]?.one;
};

const rankOf = ({ newer, rank }: Weighed): readonly number[] => [
  newer === undefined ? 0 : 1,
  ...rank,
];

const compareRanks = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((order, one, index) => order || one - (b[index] ?? 0), 0);

const registeredAt = async ({ log }: ProductRegistry, productId: string): Promise<Position> => {
  for await (const { position } of log.readStream(productStream(productId), { limit: 1 })) {
    return position;
  }
  return { commit: 0n, prepare: 0n };
};

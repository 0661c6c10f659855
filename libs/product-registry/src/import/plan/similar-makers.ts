import { LRUCache } from 'lru-cache';

import { manufacturerNameKeyOf } from '../../codes.js';
import { makerGroupOf } from '../../manufacturer/maker-group.js';
import {
  type ResolvedManufacturer,
  resolveManufacturer,
} from '../../manufacturer/resolve-manufacturer.js';
import type { ProductRegistry } from '../../registry.js';
import type { RegisteredNames } from './registered-names.js';

/** Groups of names that are remembered, and names of each; what was forgotten is found once it is registered. */
const limits = { groups: 5_000, names: 20 };

/** Which manufacturers look like one another, in a file and in the registry. */
export class SimilarMakers {
  private readonly groups = new LRUCache<string, Set<string>>({ max: limits.groups });

  constructor(private readonly registered: RegisteredNames) {}

  /** Remembers a name of the file; answers with those before it that look like it. */
  note(name: string): readonly string[] {
    const group = makerGroupOf(name);
    const own = manufacturerNameKeyOf(name);
    const names = this.groups.get(group) ?? new Set();
    this.groups.set(group, names);
    const earlier = [...names].filter((one) => one !== own);
    if (names.size < limits.names) names.add(own);
    return earlier;
  }

  /** Those that are registered, without `own`, whoever has the name itself. */
  async of(
    registry: ProductRegistry,
    name: string,
    earlier: readonly string[],
    own: ResolvedManufacturer | undefined,
  ): Promise<readonly ResolvedManufacturer[]> {
    const similar = (await this.registered.manufacturersLike(name)).map(({ id }) => id);
    const found = new Map<string, ResolvedManufacturer>();
    for (const one of [...earlier, ...similar]) {
      const maker = await resolveManufacturer(registry, one);
      if (maker && maker.id !== own?.id) found.set(maker.id, maker);
    }
    return [...found.values()];
  }
}

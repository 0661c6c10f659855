import { manufacturerNameKeyOf } from '../codes.js';
import { nameLookAlikeKeyOf } from './name-look-alike.js';

/** What names that look alike have in common; of a name without letters and digits, the name itself. */
export const makerGroupOf = (name: string): string =>
  nameLookAlikeKeyOf(name) || manufacturerNameKeyOf(name);

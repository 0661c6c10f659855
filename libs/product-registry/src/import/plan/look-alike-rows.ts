import { manufacturerNameKeyOf, modelKeyOf } from '../../codes.js';
import { damageKeyOf, lookAlikeKeyOf } from '../../look-alike.js';
import { FirstMentions } from './first-mentions.js';

/** Remembers which row of a file named each model first in any writing, in some 50 bytes a row. */
export class LookAlikeRows {
  private readonly mentions: FirstMentions;

  constructor(rows: number) {
    // Models beyond ASCII are noted twice.
    this.mentions = new FirstMentions(rows * 2);
  }

  /** The earlier row whose model of the same manufacturer only looks different; undefined where there is none. */
  note(manufacturer: string, model: string, row: number): number | undefined {
    const maker = manufacturerNameKeyOf(manufacturer);
    const alike = this.noted(`${maker}\n${lookAlikeKeyOf(model)}`, model, row);
    const damaged = damageKeyOf(model);
    if (damaged.includes('?')) this.noted(`${maker}\n${damaged}`, model, row);
    return alike;
  }

  /** As `note`, for a model that is damaged: nothing is remembered of it. */
  find(manufacturer: string, model: string): number | undefined {
    const maker = manufacturerNameKeyOf(manufacturer);
    return (
      this.mentions.find(`${maker}\n${lookAlikeKeyOf(model)}`) ??
      this.mentions.find(`${maker}\n${damageKeyOf(model)}`)
    );
  }

  private noted(key: string, model: string, row: number): number | undefined {
    const first = this.mentions.note(key, row, modelKeyOf(model));
    return first && !first.isSame ? first.row : undefined;
  }
}

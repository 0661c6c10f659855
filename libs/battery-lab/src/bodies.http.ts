import { NumberField, ObjectField, TextField } from '#http/body-fields.js';
import { OptionalReasonBody } from '#http/command-route.js';

import type { Range } from './ranges.js';

const widest = 1e9;

class RangeBody implements Range {
  @NumberField({ min: -widest, max: widest }, {})
  min!: number;

  @NumberField({ min: -widest, max: widest }, {})
  max!: number;
}

/** A range of a quantity in a unit. */
export const RangeField = (
  unit: string,
  about: { readonly description: string; readonly example?: Range; readonly nullable?: boolean },
): PropertyDecorator => ObjectField(RangeBody, `an object with min and max in ${unit}`, about);

/** Both ends, and nothing else. */
export const rangeOf = ({ min, max }: Range): Range => ({ min, max });
export const rangeOrNull = (given: Range | null | undefined): Range | null =>
  given ? rangeOf(given) : null;

export class RenameThingBody extends OptionalReasonBody {
  @TextField(100, { example: 'bench 4' })
  name!: string;
}

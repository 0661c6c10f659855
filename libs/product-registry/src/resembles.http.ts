import { ApiProperty } from '@nestjs/swagger';

import { WriteResponse } from '#http/command-response.js';
import { boolean, readQuery } from '#http/query-params.js';
import { Refusal } from '#kernel/refusal.js';

import type { ResemblingManufacturer, ResemblingProduct } from './look-alikes.js';

export const strictQuery = {
  name: 'strict',
  required: false,
  type: Boolean,
  description: 'Refuses what resembles something that is registered; false unless given.',
} as const;

/** Whether `?strict=true`. Throws `QUERY_INVALID`. */
export const readStrict = (query: Record<string, unknown>): boolean =>
  readQuery(query, { strict: boolean }).strict ?? false;

class ResemblingManufacturerResponse implements ResemblingManufacturer {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ type: String, nullable: true, description: 'EntityCode.' }) code!: string | null;
}

class MakerOfResemblingResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
}

class ResemblingProductResponse implements ResemblingProduct {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ type: String, nullable: true }) code!: string | null;
  @ApiProperty() model!: string;
  @ApiProperty({ type: MakerOfResemblingResponse }) manufacturer!: MakerOfResemblingResponse;
}

const advice =
  'as of a moment ago: two that are registered at the same time do not name each other. Null where the read model is away.';

export class RegisteredManufacturerResponse extends WriteResponse {
  @ApiProperty({
    type: [ResemblingManufacturerResponse],
    nullable: true,
    description: `Manufacturers whose names differ from its own in case, accents, punctuation or legal form only, ${advice}`,
  })
  readonly resembles!: readonly ResemblingManufacturerResponse[] | null;
}

export class RegisteredProductResponse extends WriteResponse {
  @ApiProperty({
    type: [ResemblingProductResponse],
    nullable: true,
    description: `Products of this manufacturer, or of one that resembles it, whose model looks the same, ${advice}`,
  })
  readonly resembles!: readonly ResemblingProductResponse[] | null;
}

/** Throws what refuses a registration where something resembles what it registers. */
export const refuseResembling = (
  code: 'MANUFACTURER_RESEMBLES' | 'PRODUCT_RESEMBLES',
  what: string,
  resembles: readonly object[],
): void => {
  if (resembles.length === 0) return;
  throw new Refusal(code, 'conflict', `${what} resembles what is registered; see resembles`, {
    resembles,
  });
};

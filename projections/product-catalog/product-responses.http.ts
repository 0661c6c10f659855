import { ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';

import type { Finding } from '#product-registry/plausibility/rule.js';
import type {
  DocumentCertification,
  DocumentElement,
  DocumentFormerName,
  DocumentMerged,
  DocumentQualification,
  ProductDocument,
} from '#product-registry/product/document.js';
import { productTypes } from '#product-registry/product/events.js';

/** A manufacturer as a product shows it. Name and code are null where there is none (yet). */
export class ProductManufacturerResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ type: String, nullable: true }) name!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'EntityCode.' }) code!: string | null;
}

export class ElementResponse implements DocumentElement {
  @ApiProperty({
    description: 'Decimals as strings, exactly as written; null unless submitted.',
    oneOf: [
      { type: 'string', nullable: true },
      { type: 'boolean' },
      {
        type: 'array',
        items: {
          type: 'object',
          properties: { percent: { type: 'string' }, inverter: { type: 'string' } },
        },
      },
    ],
  })
  value!: DocumentElement['value'];
  @ApiPropertyOptional() unit?: string;
  @ApiPropertyOptional({ description: 'Digits after the point, as written.' }) decimals?: number;
  @ApiPropertyOptional({
    enum: ['notSubmitted', 'unparsed'],
    description: 'Only where it is not a submitted value.',
  })
  state?: 'notSubmitted' | 'unparsed';
  @ApiPropertyOptional({ description: 'The text that nobody could read.' }) raw?: string;
}

class CertificationResponse implements DocumentCertification {
  @ApiProperty() id!: string;
  @ApiProperty() agency!: string;
  @ApiProperty({ example: 'UL1973' }) standard!: string;
  @ApiProperty({ type: String, nullable: true }) edition!: string | null;
  @ApiProperty({ type: String, format: 'date', nullable: true }) certificateDate!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'The certification that replaced it.' })
  supersededBy!: string | null;
  @ApiProperty({
    required: false,
    description: 'The list that named it and no longer does.',
    example: 'cec-batteries',
  })
  withdrawnBy?: string;
}

class QualificationResponse implements DocumentQualification {
  @ApiProperty({ example: 'CEC' }) agency!: string;
  @ApiProperty({ enum: ['listed', 'withdrawn'] }) state!: 'listed' | 'withdrawn';
  @ApiProperty({ type: String, format: 'date', nullable: true }) listingDate!: string | null;
  @ApiProperty({ type: String, format: 'date', nullable: true }) lastUpdate!: string | null;
  @ApiProperty({ type: String, nullable: true }) notes!: string | null;
  @ApiProperty({ type: Object, description: 'What else the list says, column by column.' })
  remarks!: DocumentQualification['remarks'];
}

export class WarningResponse implements Finding {
  @ApiProperty({ example: 'energy-and-power-swapped', description: 'Permanent name of the rule.' })
  rule!: string;
  @ApiProperty({ description: 'Of the rule.' }) version!: number;
  @ApiProperty({ type: [String], description: 'The elements that it is about.' })
  elements!: readonly string[];
  @ApiProperty() message!: string;
}

class FormerNameResponse implements DocumentFormerName {
  @ApiProperty({ format: 'uuid' }) manufacturerId!: string;
  @ApiProperty() model!: string;
  @ApiProperty({
    type: String,
    format: 'date',
    nullable: true,
    description: 'Of a transfer, its day.',
  })
  until!: string | null;
}

class MergedProductResponse implements DocumentMerged {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'uuid' }) manufacturerId!: string;
  @ApiProperty() model!: string;
  @ApiProperty({ type: String, nullable: true }) code!: string | null;
}

class ProductLinksResponse {
  @ApiProperty({ description: 'Batteries of the lab that are one of it.' }) batteries!: string;
  @ApiProperty({ description: 'Experiments with them.' }) experiments!: string;
  @ApiProperty({ description: 'What a battery of it is registered with.' })
  batteryProposal!: string;
}

export class ProductResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ type: String, nullable: true, example: 'ALPHA-SMILE_BAT_8_2PHA' })
  code!: string | null;
  @ApiProperty({ enum: productTypes }) type!: string;
  @ApiProperty({ type: ProductManufacturerResponse }) manufacturer!: ProductManufacturerResponse;
  @ApiProperty() model!: string;
  @ApiProperty({
    type: Object,
    additionalProperties: { $ref: getSchemaPath(ElementResponse) },
    description: 'By Orange Button name.',
  })
  elements!: ProductDocument['elements'];
  @ApiProperty({ type: [CertificationResponse] }) certifications!: readonly CertificationResponse[];
  @ApiProperty({ type: [QualificationResponse] }) qualifications!: readonly QualificationResponse[];
  @ApiProperty({
    type: [WarningResponse],
    description: 'Values that are hard to believe, by the rules of today.',
  })
  warnings!: readonly WarningResponse[];
  @ApiProperty({ type: [FormerNameResponse], description: 'Names that keep leading to it.' })
  formerly!: readonly FormerNameResponse[];
  @ApiProperty({ type: [MergedProductResponse], description: 'Products that were merged into it.' })
  merged!: readonly MergedProductResponse[];
  @ApiProperty() revision!: number;
  @ApiProperty({ description: 'Of its last event in the log.' }) position!: string;
  @ApiProperty({ description: 'Paths of what the lab has of it.' }) links!: ProductLinksResponse;
}

import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

import type { Change } from '#kernel/differences.js';
import type { Actor, Evidence, Source } from '#kernel/event.js';

class ActorResponse implements Actor {
  @ApiProperty() id!: string;
  @ApiProperty({ enum: ['apiKey', 'user', 'device', 'system'] }) kind!: Actor['kind'];
  @ApiPropertyOptional({ description: 'Of an API key; absent where none is known.' }) name?: string;
  @ApiProperty({ type: [String] }) roles!: Actor['roles'];
}

class EvidenceResponse implements Partial<Evidence> {
  @ApiPropertyOptional({ description: 'SHA-256 of the file, hexadecimal.' }) sha256?: string;
  @ApiPropertyOptional() file?: string;
  @ApiPropertyOptional({ description: 'Of a workbook.' }) sheet?: string;
  @ApiPropertyOptional({ description: 'Data row in the file, from 1.' }) row?: number;
  @ApiPropertyOptional({
    type: Object,
    description:
      'Cells of a workbook as they are displayed and stored, where what was read does not say both, by their columns.',
    example: { 'cec listing date': { displayed: '7/21/2021', stored: '44398' } },
  })
  cells?: NonNullable<Evidence['cells']>;
  @ApiPropertyOptional({
    type: Object,
    description: 'Texts of the source, where they differ from what was recorded.',
  })
  raw?: object;
}

class ChangeResponse implements Change {
  @ApiProperty({
    description: 'JSON pointer; members of lists are named by their id or agency.',
    example: '/elements/EnergyCapacityNominal/value',
  })
  path!: string;
  @ApiProperty({ nullable: true, description: 'Null: was not there.', type: Object })
  from!: unknown;
  @ApiProperty({ nullable: true, description: 'Null: is not there any more.', type: Object })
  to!: unknown;
}

/** One event of a thing, with what it changed. Times are ISO 8601 UTC. */
export class HistoryItemResponse {
  @ApiPropertyOptional({
    format: 'uuid',
    description: 'Of another one that belongs to it, such as one that was merged into it: its id.',
  })
  of?: string;
  @ApiProperty() revision!: number;
  @ApiProperty() position!: string;
  @ApiProperty({
    format: 'date-time',
    description: 'The time from which `asOf` contains the event.',
  })
  recordedAt!: string;
  @ApiProperty({ format: 'date-time' }) occurredAt!: string;
  @ApiProperty({ example: 'ElementsSet' }) event!: string;
  @ApiProperty({ type: ActorResponse }) actor!: ActorResponse;
  @ApiProperty({ enum: ['http', 'mqtt', 'import', 'process', 'cli'] }) source!: Source;
  @ApiProperty({ type: String, nullable: true }) reason!: string | null;
  @ApiProperty({ type: EvidenceResponse, nullable: true }) evidence!: EvidenceResponse | null;
  @ApiProperty({ type: [ChangeResponse] }) changes!: readonly ChangeResponse[];
}

export class HistoryResponse {
  @ApiProperty({ type: [HistoryItemResponse] }) items!: readonly HistoryItemResponse[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

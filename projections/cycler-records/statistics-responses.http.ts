import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';

import type {
  CounterDisagreement,
  CounterReport,
  CounterReset,
} from '#cycling/statistics/compare-counters.js';
import type { CounterSpan } from '#cycling/statistics/counter.js';
import type { CycleStatistics, PartialReason } from '#cycling/statistics/cycle-statistics.js';
import type { DifferentialBin, DifferentialCapacity } from '#cycling/statistics/differential.js';
import type { Resistance } from '#cycling/statistics/step.js';
import type { StepKind, StepStatistics } from '#cycling/statistics/step-statistics.js';

/** Times as the API has them. */
type Shown<T> = Omit<T, 'startUtcMs' | 'endUtcMs'> & {
  readonly startedAt: string | null;
  readonly endedAt: string | null;
};

const number = { type: Number, nullable: true } as const;
const time = { type: String, format: 'date-time', nullable: true } as const;
const Known = (description?: string): PropertyDecorator =>
  ApiProperty({ ...number, ...(description !== undefined && { description }) });
const Says = (description: string): PropertyDecorator => ApiProperty({ description });

class CounterSpanResponse implements CounterSpan {
  @ApiProperty() firstAh!: number;
  @ApiProperty() lastAh!: number;
  @ApiProperty() largestAh!: number;
  @Says('What it rose by, where a reading below the one before counts from zero.') riseAh!: number;
  @ApiProperty({ type: Boolean, nullable: true, description: 'At the first record.' })
  startsAgain!: boolean | null;
  @Says('Starts of steps before which it showed something.') stepStarts!: number;
  @Says('How many of them reset it.') stepResets!: number;
}

const span: ApiPropertyOptions = { type: CounterSpanResponse, nullable: true };

class CounterSpansResponse {
  @ApiProperty(span) charge!: CounterSpan | null;
  @ApiProperty(span) discharge!: CounterSpan | null;
}

class ResistanceResponse implements Resistance {
  @ApiProperty() ohm!: number;
  @Says('Seconds between the records that it is read from.') afterS!: number;
  @ApiProperty() fromA!: number;
  @ApiProperty() toA!: number;
}

const resistance: ApiPropertyOptions = { type: ResistanceResponse, nullable: true };

/** What steps and cycles say alike. */
class SpanResponse {
  @ApiProperty() records!: number;
  @Says('Seconds of test time.') startS!: number;
  @ApiProperty() endS!: number;
  @ApiProperty({ ...time, description: 'By the clock of the cycler.' }) startedAt!: string | null;
  @ApiProperty(time) endedAt!: string | null;
  @Says('False while its records still come.') ended!: boolean;
  @ApiProperty() chargeAh!: number;
  @ApiProperty() dischargeAh!: number;
  @ApiProperty() chargeWh!: number;
  @ApiProperty() dischargeWh!: number;
  @ApiProperty() minV!: number;
  @ApiProperty() maxV!: number;
  @Known('Degrees Celsius; null where it was not measured.') minC!: number | null;
  @Known() maxC!: number | null;
  @Known('Weighted by time.') meanC!: number | null;
  @Says('Seconds without records.') missingS!: number;
  @ApiProperty({ description: "What the cycler's own counters showed, in Ah." })
  counters!: CounterSpansResponse;
}

const partialReasons: readonly PartialReason[] = [
  ...(['running', 'missing-records', 'no-charge', 'no-discharge'] as const),
  ...(['first-of-test', 'last-of-test'] as const),
];

export class CycleResponse extends SpanResponse implements Shown<CycleStatistics> {
  @ApiProperty() cycle!: number;
  @ApiProperty({ enum: partialReasons, isArray: true, description: 'Why it is not a whole one.' })
  partial!: readonly PartialReason[];
  @ApiProperty({ enum: ['charge', 'discharge'], nullable: true, description: 'What came first.' })
  begins!: 'charge' | 'discharge' | null;
  @ApiProperty() firstStepCount!: number;
  @ApiProperty() lastStepCount!: number;
  @ApiProperty() steps!: number;
  @Known('Charge by the active mass of the battery, mAh/g; null where nobody stated it.')
  specificChargeMahPerG!: number | null;
  @Known('As specificChargeMahPerG, of what was discharged.')
  specificDischargeMahPerG!: number | null;
  @Known('Discharge by charge; the reverse for an anode.') coulombicEfficiency!: number | null;
  @Known() energyEfficiency!: number | null;
  @Known('Energy by charge.') meanChargeV!: number | null;
  @Known() meanDischargeV!: number | null;
  @Known('At the end of its last charge.') endOfChargeV!: number | null;
  @Known() endOfDischargeV!: number | null;
  @Known('By the first whole cycle, or the reference cycle.') capacityRetention!: number | null;
  @Says('Charge and discharge.') throughputAh!: number;
  @Says('Of the test until its end.') testThroughputAh!: number;
  @Known('Throughput of the test by twice the nominal capacity.')
  equivalentFullCycles!: number | null;
  @ApiProperty(resistance) chargeResistance!: Resistance | null;
  @ApiProperty(resistance) dischargeResistance!: Resistance | null;
}

const kinds: readonly StepKind[] = ['charge', 'discharge', 'rest', 'mixed'];

export class StepStatisticsResponse extends SpanResponse implements Shown<StepStatistics> {
  @Says('Counts the executed steps.') stepCount!: number;
  @Says('Step of the program.') stepId!: number;
  @ApiProperty() cycle!: number;
  @ApiProperty({ enum: kinds, description: 'By the current; `mixed` as in a drive cycle.' })
  kind!: StepKind;
  @ApiProperty() startV!: number;
  @ApiProperty() endV!: number;
  @Says('Weighted by time.') meanV!: number;
  @ApiProperty() startA!: number;
  @ApiProperty() endA!: number;
  @ApiProperty() minA!: number;
  @ApiProperty() maxA!: number;
  @Says('Seconds without records before its first one.') missingBeforeS!: number;
  @Says('Seconds without records behind its last one.') missingAfterS!: number;
  @Says('Seconds that the integrals cover.') coveredS!: number;
  @ApiProperty(resistance) resistance!: Resistance | null;
}

const resets: readonly CounterReset[] = ['each-step', 'each-cycle', 'never', 'unseen'];
const directions = ['charge', 'discharge'] as const;

class CounterDisagreementResponse implements CounterDisagreement {
  @ApiProperty() cycle!: number;
  @ApiProperty({ enum: directions }) direction!: 'charge' | 'discharge';
  @Says('What the counter says of the cycle.') counterAh!: number;
  @Says('By the current that was recorded.') integralAh!: number;
  @ApiProperty() reason!: string;
}

export class CounterReportResponse implements CounterReport {
  @ApiProperty({ enum: resets, description: 'When the counter of charge starts again.' })
  charge!: CounterReset;
  @ApiProperty({ enum: resets }) discharge!: CounterReset;
  @ApiProperty({ type: CounterDisagreementResponse, isArray: true })
  disagreements!: readonly CounterDisagreement[];
}

class DifferentialBinResponse implements DifferentialBin {
  @Says('The middle of the bin.') voltageV!: number;
  @Says('That flowed while the voltage was in the bin.') chargeAh!: number;
  @Says('dQ/dV.') ahPerV!: number;
}

export class DifferentialCapacityResponse implements DifferentialCapacity {
  @ApiProperty({ enum: directions }) direction!: 'charge' | 'discharge';
  @Says('Width of the bins.') binV!: number;
  @Says('How the curve was smoothed.') smoothing!: string;
  @ApiProperty({ type: DifferentialBinResponse, isArray: true })
  bins!: readonly DifferentialBin[];
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

export const shown = <T extends { startUtcMs: number | null; endUtcMs: number | null }>({
  startUtcMs,
  endUtcMs,
  ...statistics
}: T) => ({ ...statistics, startedAt: iso(startUtcMs), endedAt: iso(endUtcMs) });

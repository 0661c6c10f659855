import type { CellModel, CellPoint } from './model.js';

/** The four files of a measured cell, as text: comma-separated, one title line. */
export interface CellTables {
  /** State of charge, V. */
  readonly ocv: string;
  /** °C, A (positive discharges), state of charge, ohm. */
  readonly r0: string;
  readonly r1: string;
  /** As the resistances, with F. */
  readonly c1: string;
}

/** Of the cell whose tables PyBaMM gives as an example. */
const measured = { capacityAh: 100, heatCapacityJPerK: 1_000, coolingWPerK: 5 };

/**
 * A cell by the tables of a measured one of 100 Ah, scaled to another capacity: as many small cells beside each
 * other, each with its part of the current.
 */
export const cellOfTables = (tables: CellTables, capacityAh = measured.capacityAh): CellModel => {
  const scale = measured.capacityAh / capacityAh;
  const ocv = curveOf(rowsOf(tables.ocv, 2));
  const [r0, r1, c1] = [tables.r0, tables.r1, tables.c1].map((text) => gridOf(rowsOf(text, 4)));
  const at = (grid: Grid | undefined, { soc, temperatureC, currentA }: CellPoint): number =>
    grid ? grid([temperatureC, -currentA * scale, soc]) : 0;
  return {
    capacityAh,
    ocvV: ocv,
    r0Ohm: (point) => at(r0, point) * scale,
    r1Ohm: (point) => at(r1, point) * scale,
    c1F: (point) => at(c1, point) / scale,
    heatCapacityJPerK: measured.heatCapacityJPerK / scale,
    coolingWPerK: measured.coolingWPerK / scale,
  };
};

const rowsOf = (text: string, columns: number): number[][] => {
  const rows = text
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(',').map(Number));
  const wrong = rows.findIndex((row) => row.length !== columns || !row.every(Number.isFinite));
  if (rows.length < 2 || wrong >= 0) {
    throw new Error(
      `A table of a cell needs two rows or more of ${columns} numbers each; line ${wrong + 2} is not one.`,
    );
  }
  return rows;
};

/** Which two neighbours of a sorted axis a value lies between, and how far; beyond its ends `share` leaves 0 to 1. */
const placeOf = (axis: readonly number[], value: number): { index: number; share: number } => {
  let [low, high] = [0, axis.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((axis[middle] ?? 0) <= value) low = middle;
    else high = middle;
  }
  const [from, to] = [axis[low] ?? 0, axis[high] ?? 0];
  return { index: low, share: high === low ? 0 : (value - from) / (to - from) };
};

/** Straight lines between the rows, and on beyond the first and the last. */
const curveOf = (rows: readonly (readonly number[])[]): ((x: number) => number) => {
  const [xs, ys] = [0, 1].map((column) => rows.map((row) => row[column] ?? 0)) as [
    number[],
    number[],
  ];
  return (x) => {
    const { index, share } = placeOf(xs, x);
    const from = ys[index] ?? 0;
    return from + ((ys[index + 1] ?? from) - from) * share;
  };
};

type Grid = (point: readonly number[]) => number;

/** Multilinear between the points of a full grid; what lies outside has the value of the nearest edge. */
const gridOf = (rows: readonly (readonly number[])[]): Grid => {
  const axes = [0, 1, 2].map((column) =>
    [...new Set(rows.map((row) => row[column] ?? 0))].sort((a, b) => a - b),
  );
  const sizes = axes.map(({ length }) => length);
  const size = sizes.reduce((product, one) => product * one, 1);
  const offsetOf = (indexes: readonly number[]): number =>
    indexes.reduce((offset, index, axis) => offset * (sizes[axis] ?? 1) + index, 0);
  const values = new Float64Array(size).fill(NaN);
  for (const row of rows) {
    const indexes = axes.map((axis, column) => axis.indexOf(row[column] ?? 0));
    values[offsetOf(indexes)] = row[3] ?? NaN;
  }
  if (values.some(Number.isNaN))
    throw new Error('A table of a cell has points of its grid missing.');
  return (point) => {
    const places = axes.map((axis, column) => placeOf(axis, point[column] ?? 0));
    let sum = 0;
    for (let corner = 0; corner < 8; corner += 1) {
      let [weight, offset] = [1, 0];
      for (const [axis, { index, share }] of places.entries()) {
        const isUpper = (corner >> axis) & 1;
        const part = Math.min(1, Math.max(0, share));
        weight *= isUpper ? part : 1 - part;
        offset = offset * (sizes[axis] ?? 1) + index + isUpper;
      }
      if (weight > 0) sum += weight * (values[offset] ?? 0);
    }
    return sum;
  };
};

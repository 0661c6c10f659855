import type { EfficiencyRating } from '../../product/events.js';
import { collapse, trimLines } from './cell.js';

/**
 * Reads a round-trip efficiency cell: pairs of a percentage and, in square brackets, the inverter it
 * was measured with, which may span lines. The whole cell must read: a cell that was cut off or
 * split over rows by the exporter is undefined, and nothing is joined across rows or guessed.
 */
export const parseEfficiencies = (raw: string): readonly EfficiencyRating[] | undefined => {
  const text = trimLines(raw);
  const pair = /\s*(\d{1,3}(?:\.\d{1,6})?)\s?%?\s*\[([^[\]]+)\]\s*[,;]?/y;
  const ratings: EfficiencyRating[] = [];
  while (pair.lastIndex < text.length) {
    const [, percent = '', name = ''] = pair.exec(text) ?? [];
    const inverter = collapse(name);
    if (inverter === '' || !isPercent(percent)) return undefined;
    ratings.push({ percent, inverter });
  }
  return ratings.length > 0 ? ratings : undefined;
};

const isPercent = (text: string): boolean => Number(text) > 0 && Number(text) <= 100;

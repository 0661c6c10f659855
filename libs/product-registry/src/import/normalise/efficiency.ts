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
    const found = pair.exec(text);
    if (found?.[1] === undefined || found[2] === undefined) return undefined;
    const inverter = collapse(found[2]);
    if (inverter === '' || !isPercent(found[1])) return undefined;
    ratings.push({ percent: found[1], inverter });
  }
  return ratings.length > 0 ? ratings : undefined;
};

const isPercent = (text: string): boolean => Number(text) > 0 && Number(text) <= 100;

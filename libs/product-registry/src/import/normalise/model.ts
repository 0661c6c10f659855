import { collapse } from './cell.js';

/**
 * A model number for display: NFC, trimmed, whitespace behind a hyphen removed, other runs of it to one
 * space. Line breaks and no-break spaces are what spreadsheets leave, not part of a model.
 */
export const cleanModel = (raw: string): string => collapse(raw).replace(/- /g, '-');

import { collapse } from './cell.js';

/** `Ed. 3 : 2022` for any of its spellings, undefined for text that names no edition and year. */
export const editionOf = (raw: string): string | undefined => {
  const found = /^ed(?:ition|n)?\s*\.?\s*(\d{1,2})\s*[:,(-]?\s*((?:19|20)\d{2})\)?$/i.exec(
    collapse(raw),
  );
  if (found?.[1] === undefined || found[2] === undefined) return undefined;
  return `Ed. ${String(Number(found[1]))} : ${found[2]}`;
};

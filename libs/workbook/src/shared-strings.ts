import { TextGatherer } from './text-gatherer.js';
import { parseXml } from './xml.js';
import { tooLarge } from './zip-parts.js';

/** They are all kept while a sheet is read, so that they are what bounds the memory of it. */
const maxStrings = 1_000_000;
const maxCharacters = 48 * 1_024 * 1_024;

/** The texts that cells of a workbook point to, by their numbers. */
export const readSharedStrings = async (
  bytes: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<readonly string[]> => {
  const strings: string[] = [];
  const gatherer = new TextGatherer();
  let characters = 0;
  await parseXml(
    bytes,
    {
      open: (name) => {
        if (name === 'si') gatherer.clear();
        else gatherer.open(name);
      },
      text: (text) => {
        characters += text.length;
        if (characters > maxCharacters) {
          throw tooLarge(`texts of more than ${String(maxCharacters)} characters`);
        }
        gatherer.add(text);
      },
      close: (name) => {
        gatherer.close(name);
        if (name !== 'si') return;
        strings.push(gatherer.text);
        if (strings.length > maxStrings) throw tooLarge(`more than ${String(maxStrings)} texts`);
      },
    },
    signal,
  );
  return strings;
};

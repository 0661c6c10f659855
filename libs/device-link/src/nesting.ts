/** Levels of arrays and objects that a message may have. */
export const maxNesting = 32;

/** Whether the JSON text nests deeper, without parsing it: what walks over the parsed value would not return. */
export const isTooDeep = (json: string, max = maxNesting): boolean => {
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    switch (json.charCodeAt(at)) {
      case 0x22:
        at = endOfText(json, at);
        break;
      case 0x5b:
      case 0x7b:
        depth += 1;
        if (depth > max) return true;
        break;
      case 0x5d:
      case 0x7d:
        depth -= 1;
    }
  }
  return false;
};

/** Where the text that begins at `start` ends. */
const endOfText = (json: string, start: number): number => {
  let at = start + 1;
  while (at < json.length && json.charCodeAt(at) !== 0x22)
    at += json.charCodeAt(at) === 0x5c ? 2 : 1;
  return at;
};

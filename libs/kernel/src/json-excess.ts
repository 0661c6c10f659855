const quote = '"'.charCodeAt(0);
const backslash = '\\'.charCodeAt(0);
const codeOf = (character: string): number => character.charCodeAt(0);
const [openArray, closeArray, openObject, closeObject] = ['[', ']', '{', '}'].map(codeOf);
const [comma, colon] = [',', ':'].map(codeOf);

/** The index behind the text that begins behind `start`. */
const endOfText = (json: string, start: number): number => {
  for (let end = json.indexOf('"', start); end !== -1; end = json.indexOf('"', end + 1)) {
    let escapes = 0;
    while (json.charCodeAt(end - 1 - escapes) === backslash) escapes += 1;
    if (escapes % 2 === 0) return end + 1;
  }
  return json.length;
};

/**
 * What a JSON text has more of than `most`, found without parsing it: levels of arrays and objects, or values
 * and names. What walks over the parsed value would not return, or would keep everybody waiting.
 */
export const excessOf = (
  json: string,
  most: { readonly depth: number; readonly nodes: number },
): 'depth' | 'nodes' | undefined => {
  let depth = 0;
  let nodes = 0;
  for (let i = 0; i < json.length; i += 1) {
    const c = json.charCodeAt(i);
    if (c === quote) i = endOfText(json, i + 1) - 1;
    else if (c === openArray || c === openObject) depth += 1;
    else if (c === closeArray || c === closeObject) depth -= 1;
    else if (c === comma || c === colon) nodes += 1;
    if (depth > most.depth) return 'depth';
    if (nodes > most.nodes) return 'nodes';
  }
  return undefined;
};

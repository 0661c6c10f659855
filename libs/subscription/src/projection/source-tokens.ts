interface Language {
  /** The end of the space or comment that begins at `at`; `at` itself where none begins there. */
  readonly ignored: (text: string, at: number) => number;
  /** The end of the token that begins at `at`. */
  readonly token: (text: string, at: number, previous: string | undefined) => number;
}

const endOf = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
};

/** The tokens from `at` on, each with its end. */
function* scan(text: string, { ignored, token }: Language, at = 0): Generator<[string, number]> {
  let previous: string | undefined;
  while (at < text.length) {
    const skipped = ignored(text, at);
    if (skipped > at) {
      at = skipped;
      continue;
    }
    const end = token(text, at, previous);
    previous = text.slice(at, end);
    at = end;
    yield [previous, end];
  }
}

const lex = (text: string, language: Language): string[] =>
  Array.from(scan(text, language), ([token]) => token);

/** The end of a block comment of SQL, in which others may lie. */
const blockCommentEnd = (text: string, at: number): number => {
  if (!text.startsWith('/*', at)) return at;
  let depth = 0;
  for (const { 0: mark, index } of text.slice(at).matchAll(/\/\*|\*\//g)) {
    depth += mark === '/*' ? 1 : -1;
    if (depth === 0) return at + index + mark.length;
  }
  return text.length;
};

const sqlIgnored = /\s+|--.*/y;
const sqlToken =
  /[eE]'(?:\\[\s\S]|''|[^'\\])*'|'(?:''|[^'])*'|"(?:""|[^"])*"|\$([\p{ID_Start}_][\p{ID_Continue}]*)?\$[\s\S]*?\$\1\$|[\p{ID_Continue}$]+|(?:(?!--|\/\*)[-+*/<>=~!@#%^&|`?])+|[\s\S]/uy;

const sql: Language = {
  ignored: (text, at) => Math.max(endOf(sqlIgnored, text, at), blockCommentEnd(text, at)),
  token: (text, at) => endOf(sqlToken, text, at),
};

const scriptIgnored = /\s+|\/\/.*|\/\*[\s\S]*?\*\//y;
const scriptToken =
  /'(?:\\[\s\S]|[^'\\])*'|"(?:\\[\s\S]|[^"\\])*"|[\p{ID_Continue}$#@]+|>>>=|\.\.\.|===|!==|\*\*=|<<=|>>=|&&=|\|\|=|\?\?=|=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.|\+\+|--|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|\*\*|<<|[\s\S]/uy;
const regularExpression = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
/** After these a `/` divides; after other words and signs it begins a regular expression. */
const operand = /^(?:['"`\p{ID_Continue}$#].*|[)\]}]|\/.+)$/su;
const beforeExpression =
  /^(?:return|typeof|case|in|of|new|void|delete|throw|await|yield|else|do|instanceof)$/;

/** The end of a template literal, with the expressions in it. */
const templateEnd = (text: string, at: number): number => {
  let next = at + 1;
  while (next < text.length) {
    if (text[next] === '`') return next + 1;
    if (text[next] === '\\') next += 2;
    else if (text.startsWith('${', next)) next = expressionEnd(text, next + 2);
    else next += 1;
  }
  return text.length;
};

const expressionEnd = (text: string, at: number): number => {
  let depth = 0;
  for (const [token, end] of scan(text, script, at)) {
    if (token === '}' && depth === 0) return end;
    if (token === '{') depth += 1;
    if (token === '}') depth -= 1;
  }
  return text.length;
};

const script: Language = {
  ignored: (text, at) => endOf(scriptIgnored, text, at),
  token: (text, at, previous) => {
    if (text[at] === '`') return templateEnd(text, at);
    const divides =
      previous !== undefined && operand.test(previous) && !beforeExpression.test(previous);
    const end = text[at] === '/' && !divides ? endOf(regularExpression, text, at) : at;
    return end > at ? end : endOf(scriptToken, text, at);
  },
};

/** Without import declarations: what they name are sources themselves, and move without a change of theirs. */
const withoutImports = (tokens: readonly string[]): string[] => {
  let inImport = false;
  return tokens.filter((token, index) => {
    const begins = index === 0 || tokens[index - 1] === ';' || tokens[index - 1] === '}';
    const next = tokens[index + 1];
    if (token === 'import' && begins && next !== '(' && next !== '.') inImport = true;
    const isKept = !inImport;
    if (token === ';') inImport = false;
    return isKept;
  });
};

/** Without the comma that a formatter sets after the last item of a list that it breaks over lines. */
const withoutTrailingCommas = (tokens: readonly string[]): string[] =>
  tokens.filter((token, index) => token !== ',' || !/^[)\]}>]$/.test(tokens[index + 1] ?? ''));

/** As the lines of a template were always compared: without their indentation. */
const withoutIndentation = (token: string): string =>
  token.startsWith('`') ? token.replace(/\s*\n\s*/g, '\n') : token;

/** What counts of the text of a source: neither comments nor formatting do. */
export const tokensOf = (file: string, text: string): string[] =>
  file.endsWith('.sql')
    ? lex(text, sql)
    : withoutTrailingCommas(withoutImports(lex(text, script))).map(withoutIndentation);

/** The text of a string that may be cut into runs of one font each; how it is pronounced is left out. */
export class TextGatherer {
  private parts: string[] = [];
  private isInText = false;
  private isInPhonetics = false;

  clear(): void {
    this.parts = [];
  }

  open(name: string): void {
    if (name === 'rPh') this.isInPhonetics = true;
    if (name === 't') this.isInText = true;
  }

  close(name: string): void {
    if (name === 'rPh') this.isInPhonetics = false;
    if (name === 't') this.isInText = false;
  }

  add(text: string): void {
    if (this.isInText && !this.isInPhonetics) this.parts.push(text);
  }

  get text(): string {
    return unescaped(this.parts.join(''));
  }
}

/** Characters that XML cannot hold are written as `_x000D_`, and that text itself as `_x005F_x000D_`. */
const unescaped = (text: string): string =>
  text.includes('_x')
    ? text.replace(/_x([\dA-Fa-f]{4})_/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 16)),
      )
    : text;

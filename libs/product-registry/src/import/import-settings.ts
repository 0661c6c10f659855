/** What imports need to know of the process that runs them. */
export class ImportSettings {
  constructor(
    /** Files are kept in `<dataDir>/imports`. */
    readonly dataDir: string,
    /** Data rows of a list that are taken at most. */
    readonly maxRows?: number,
  ) {}
}

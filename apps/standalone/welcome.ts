export interface Running {
  readonly version: string;
  readonly url: string;
  /** Of the broker for devices; 0 for one that stands in the run note alone. */
  readonly mqttPort: number;
  /** All of these as they are to be shown. */
  readonly dataDir: string;
  readonly logFolder: string;
  readonly keyFile: string;
  /** The data folder was named, so that the command line must be told it, too. */
  readonly dataDirChosen: boolean;
}

/** What is shown once everything runs: where all of it is, and what to try first. */
export const welcome = (running: Running): string[] => {
  const { version, url, mqttPort, dataDir, logFolder, keyFile, dataDirChosen } = running;
  const command = 'npx voltrace import manufacturers examples/manufacturers.csv';
  const rows = {
    docs: `${url}/docs`,
    metrics: `${url}/metrics (with the key)`,
    ...(mqttPort > 0 && { mqtt: `mqtt://127.0.0.1:${mqttPort}` }),
    key: keyFile,
    data: dataDir,
    logs: logFolder,
    try: dataDirChosen ? `VOLTRACE_DATA_DIR=${dataDir} ${command}` : command,
    stop: 'Ctrl-C',
  };
  return [
    `Voltrace ${version} is ready: ${url}`,
    ...Object.entries(rows).map(([name, value]) => `  ${name.padEnd(8)} ${value}`),
  ];
};

import { CommanderError } from 'commander';

import { version } from '#observability/version.js';

import { addAnalyticsCommands } from './commands/analytics.js';
import { addDeviceCommands } from './commands/devices.js';
import { addEventCommands } from './commands/events.js';
import { addFormulaCommands } from './commands/formulas.js';
import { addImportCommands } from './commands/import.js';
import { addIntakeCommand } from './commands/intake.js';
import { addKeyCommands } from './commands/keys.js';
import { addLabCommands } from './commands/lab.js';
import { addListCommands } from './commands/lists.js';
import { addParkedCommands } from './commands/parked.js';
import { addProductCommands } from './commands/products.js';
import { addQuarantineCommands } from './commands/quarantine.js';
import { addRelayCommands } from './commands/relay.js';
import { addReviewCommands } from './commands/review.js';
import { addSamplesCommands } from './commands/samples.js';
import { addSimulateCommands } from './commands/simulate.js';
import { addSiteCommands } from './commands/sites.js';
import { addSubscriptionCommands } from './commands/subscriptions.js';
import { addTopicCommands } from './commands/topics.js';
import { CommandFailure, exitCodes, exitCodesHelp } from './exit-codes.js';
import { GroupedCommand } from './grouped-command.js';
import { endQuietlyOnClosedPipe } from './output.js';

/** Behind the name of a command `--version` is an option of that command. */
const isOfProgram = (firstArgument: string | undefined): boolean =>
  firstArgument === undefined || firstArgument.startsWith('-');

function program(): GroupedCommand {
  const voltrace = new GroupedCommand('voltrace')
    .description('The command line of Voltrace: a client of its HTTP API.')
    .option(
      '--url <url>',
      'the server (VOLTRACE_URL; default: the one that runs in VOLTRACE_DATA_DIR or ./.voltrace, else http://127.0.0.1:8080)',
    )
    .option(
      '--key-file <path>',
      'file with the API key (VOLTRACE_API_KEY: the key itself; default: admin.key of that folder, for a server on this machine)',
    )
    .option('--json', 'print the answers of the API as JSON')
    .addHelpText('after', exitCodesHelp)
    .showHelpAfterError('(--help shows what is expected)')
    .exitOverride();
  if (isOfProgram(process.argv[2])) voltrace.version(version);
  addImportCommands(voltrace);
  addListCommands(voltrace);
  addReviewCommands(voltrace);
  addProductCommands(voltrace);
  addSamplesCommands(voltrace);
  addFormulaCommands(voltrace);
  addSiteCommands(voltrace);
  addDeviceCommands(voltrace);
  addLabCommands(voltrace);
  addIntakeCommand(voltrace);
  addQuarantineCommands(voltrace);
  addSimulateCommands(voltrace);
  addSubscriptionCommands(voltrace);
  addParkedCommands(voltrace);
  addRelayCommands(voltrace);
  addTopicCommands(voltrace);
  addAnalyticsCommands(voltrace);
  addEventCommands(voltrace);
  addKeyCommands(voltrace);
  return voltrace;
}

endQuietlyOnClosedPipe();
try {
  await program().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has written its message already; asking for help is no error.
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  } else if (error instanceof CommandFailure) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  } else {
    process.stderr.write(`${error instanceof Error ? String(error.stack) : String(error)}\n`);
    process.exitCode = exitCodes.failed;
  }
}

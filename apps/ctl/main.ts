import { Command, CommanderError } from 'commander';

import { addEventCommands } from './commands/events.js';
import { addImportCommands } from './commands/import.js';
import { addKeyCommands } from './commands/keys.js';
import { addParkedCommands } from './commands/parked.js';
import { addProductCommands } from './commands/products.js';
import { addProjectionCommands } from './commands/projections.js';
import { CommandFailure, exitCodes, exitCodesHelp } from './exit-codes.js';
import { endQuietlyOnClosedPipe } from './output.js';

function program(): Command {
  const voltrace = new Command('voltrace')
    .description('The command line of Voltrace: a client of its HTTP API.')
    .option(
      '--url <url>',
      'the server (VOLTRACE_URL; default: the one of ./.voltrace, else http://127.0.0.1:8080)',
    )
    .option(
      '--key-file <path>',
      'file with the API key (default: .voltrace/admin.key, for a server on this machine)',
    )
    .option(
      '--key <key>',
      'the API key itself; VOLTRACE_API_KEY does not show it to other users of this machine',
    )
    .option('--json', 'print the answers of the API as JSON')
    .addHelpText('after', exitCodesHelp)
    .showHelpAfterError('(--help shows what is expected)')
    .exitOverride();
  addImportCommands(voltrace);
  addProductCommands(voltrace);
  addProjectionCommands(voltrace);
  addParkedCommands(voltrace);
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

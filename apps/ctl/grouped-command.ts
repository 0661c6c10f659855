import { Command, type ErrorOptions } from 'commander';

/** A group such as `relay`, whose default command takes no arguments, knows a misspelt command. */
export class GroupedCommand extends Command {
  override createCommand(name?: string): GroupedCommand {
    return new GroupedCommand(name);
  }

  override error(message: string, options?: ErrorOptions): never {
    const word = this.parent?.args[0];
    const isCommand = word === this.args[0] && word !== this.name();
    if (this.parent && options?.code === 'commander.excessArguments' && isCommand) {
      const unknown = `error: unknown command '${word ?? ''}'`;
      return this.parent.error(unknown, { code: 'commander.unknownCommand' });
    }
    return super.error(message, options);
  }
}

import { Injectable, type Type } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';

import { type CommandResult, handleCommand } from '#event-log/handle-command.js';
import type { Command } from '#kernel/command.js';
import { CommandObserver } from '#observability/command-observer.js';

import {
  addManufacturerAlias,
  issueEntityCode,
  mergeManufacturer,
} from './manufacturer/change-manufacturer.js';
import {
  AddManufacturerAlias,
  IssueEntityCode,
  MergeManufacturer,
  RegisterManufacturer,
} from './manufacturer/commands.js';
import { registerManufacturer } from './manufacturer/register-manufacturer.js';
import {
  PublishListing,
  RecordCertification,
  RegisterProduct,
  SetElements,
  SupersedeCertification,
  WithdrawElements,
  WithdrawListing,
} from './product/commands.js';
import { registerProduct } from './product/register-product.js';
import { ProductRegistry } from './registry.js';

type Thing = { readonly productId: string } | { readonly manufacturerId: string };
type CommandClass<C> = abstract new (...fields: never[]) => C;
type Run<C> = (registry: ProductRegistry, command: C) => Promise<CommandResult>;

/** One handler of the command bus. The one seam around every command: its log line, count and time. */
const handles = <C extends Command & Thing>(commandClass: CommandClass<C>, run: Run<C>): Type => {
  @Injectable()
  class Handler {
    constructor(
      private readonly registry: ProductRegistry,
      private readonly observer: CommandObserver,
    ) {}

    execute(command: C): Promise<CommandResult> {
      return this.observer.observe(command, idOf(command), () => run(this.registry, command));
    }
  }
  CommandHandler(commandClass as unknown as Type<C>)(Handler);
  return Handler;
};

const idOf = (thing: Thing): string =>
  'productId' in thing ? thing.productId : thing.manufacturerId;

/** A command on one product that needs nothing looked up and no key. */
const onProduct: Run<
  | SetElements
  | WithdrawElements
  | RecordCertification
  | SupersedeCertification
  | PublishListing
  | WithdrawListing
> = ({ log, products }, command) => {
  const { productId, ifMatch } = command;
  return handleCommand(log, products, productId, command, ifMatch === undefined ? {} : { ifMatch });
};

/** What can be asked of the registry over the command bus, each once. */
export const commandHandlers = [
  handles(RegisterProduct, registerProduct),
  handles(SetElements, onProduct),
  handles(WithdrawElements, onProduct),
  handles(RecordCertification, onProduct),
  handles(SupersedeCertification, onProduct),
  handles(PublishListing, onProduct),
  handles(WithdrawListing, onProduct),
  handles(RegisterManufacturer, registerManufacturer),
  handles(AddManufacturerAlias, addManufacturerAlias),
  handles(IssueEntityCode, issueEntityCode),
  handles(MergeManufacturer, mergeManufacturer),
];

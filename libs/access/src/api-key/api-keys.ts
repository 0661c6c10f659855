import { Injectable } from '@nestjs/common';

import { EsdbEventLog } from '#event-log/esdb.js';
import { States } from '#event-log/states.js';

import type { ApiKeyCommand } from './commands.js';
import { apiKeyDecider, type ApiKeyState } from './decider.js';
import type { ApiKeyEvent } from './events.js';

/** The folded states of all keys, shared by those who change them and by the guard. */
@Injectable()
export class ApiKeys extends States<ApiKeyState, ApiKeyCommand, ApiKeyEvent> {
  constructor(log: EsdbEventLog) {
    super(log, apiKeyDecider, 10_000);
  }
}

import { describe, it } from 'vitest';

import { command, examples, given, issue, queued } from '../experiment/experiment.fixture.js';

const { ExperimentImportRequested: requested, ImportedRowsRejected: rejected } = examples;
const { ExperimentImported: imported, ExperimentImportFailed: failed } = examples;
const { ExperimentImportCancelled: cancelled } = examples;
const cancel = command('CancelExperiment', {});
const request = command('RequestImport', requested.data);
const reject = (after: number) => command('RejectImportedRows', { ...rejected.data, after });
const complete = command('CompleteImport', imported.data);
const fail = command('FailImport', failed.data);

describe('an import', () => {
  it('is requested once, and again after it has failed', () => {
    given().when(request).then(requested);
    given(requested).when(request).thenNothing();
    given(requested, imported).when(request).thenNothing();
    given(requested, failed).when(request).then(requested);
  });

  it('has each rejected row once, whoever goes on with it', () => {
    given(requested).when(reject(0)).then(rejected);
    given(requested, rejected).when(reject(0)).thenNothing();
    given(requested, rejected).when(reject(1)).then(rejected);
    given(requested, rejected).when(reject(2)).thenNothing();
    given(requested, rejected, failed, requested).when(reject(0)).thenNothing();
    given(requested, failed).when(reject(0)).thenNothing();
  });

  it('comes to one end', () => {
    given(requested).when(complete).then(imported);
    given(requested, imported).when(complete).thenNothing();
    given(requested, imported).when(fail).thenNothing();
    given(requested).when(fail).then(failed);
    given(requested, failed).when(complete).thenNothing();
  });

  it('is cancelled while it waits or runs, and may be requested again', () => {
    given(requested).when(cancel).then(cancelled);
    given(requested, rejected).when(cancel).then(cancelled);
    given(requested, cancelled).when(cancel).thenNothing();
    given(requested, cancelled).when(request).then(requested);
    given(requested, cancelled, requested).when(cancel).then(cancelled);
    for (const late of [reject(0), complete, fail])
      given(requested, cancelled).when(late).thenNothing();
    given(requested, rejected, cancelled, requested).when(reject(1)).then(rejected);
    given(requested, failed).when(cancel).thenRefused('EXPERIMENT_IMPORTED');
  });

  it('is nothing that a unit could be told anything about', () => {
    for (const told of [
      ...[command('CancelExperiment', {}), command('AbortExperiment', { message: 'test' })],
      ...[issue('start'), command('AssignExperiment', examples.ExperimentAssigned.data)],
    ]) {
      given(requested, imported).when(told).thenRefused('EXPERIMENT_IMPORTED');
    }
  });

  it('takes no place of an experiment that a unit executes', () => {
    given(queued).when(request).thenRefused('EXPERIMENT_EXISTS');
    given(queued, requested).when(issue('start')).thenNothing();
  });
});

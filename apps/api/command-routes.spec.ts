import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { describe, expect, it } from 'vitest';

import { isCommandRoute } from '#http/command-route.js';

import { withUnconnectedApi } from './openapi.js';

import 'reflect-metadata';

/** Routes that change something and do not go through the gateway, and why. */
const exceptions: Readonly<Record<string, string>> = {
  'CyclerFileController.send': 'Keeps a file, of which nothing is recorded until it is imported.',
  'ImportController.receive':
    'The body is a file: its hash, known at its end, is the id of the import.',
  'SamplesController.take':
    'The body may be a stream of any length: it becomes a command for each piece and day.',
  'TopicsController.verify': 'Changes nothing: it compares, which takes too long for a GET.',
};

/** The handlers of all routes but those that read. */
const changing = () =>
  withUnconnectedApi((app) =>
    app
      .get(DiscoveryService, { strict: false })
      .getControllers()
      .flatMap(({ metatype }) => {
        if (typeof metatype !== 'function') return [];
        const prototype = metatype.prototype as Record<string, object>;
        return new MetadataScanner().getAllMethodNames(prototype).map((name) => ({
          name: `${metatype.name}.${name}`,
          handler: prototype[name]!,
        }));
      })
      .filter(({ handler }) => {
        const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
        return method !== undefined && method !== RequestMethod.GET;
      }),
  );

describe('every route that changes something', () => {
  it('carries out a command by the gateway, or is a stated exception', async () => {
    const routes = await changing();
    const [commands, others] = [true, false].map((is) =>
      routes.filter(({ handler }) => Reflect.hasMetadata(isCommandRoute, handler) === is),
    );
    expect(commands?.length).toBeGreaterThan(20);
    expect(others?.map(({ name }) => name).sort()).toEqual(Object.keys(exceptions).sort());
  });
});

import { applyDecorators, Get, type Type } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiProperty } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import type { PageOf } from '#http/paging.js';

import { HistoryResponse } from './history-response.js';
import {
  historyParameters,
  listParameters,
  oneParameters,
  type Parameters,
  Parametrized,
} from './parameters.js';
import type { Resource, RouteTexts } from './resource.js';

/** A GET route below the path of the resource's controller. */
const Route = (
  path: string,
  { permission }: Pick<Resource, 'permission'>,
  { summary, description }: RouteTexts,
  parameters: Parameters,
  ...answers: MethodDecorator[]
): MethodDecorator =>
  applyDecorators(
    Get(path),
    RequirePermission(permission),
    ApiOperation({ summary, ...(description !== undefined && { description }) }),
    Parametrized(parameters),
    ...answers,
  );

const none: MethodDecorator = () => undefined;

/** The route of a list, whose handler calls `answerList`. */
export const ListRoute = <Item>(resource: Resource<Item>, path = ''): MethodDecorator =>
  Route(
    path,
    resource,
    resource.list,
    listParameters(resource),
    ApiOkResponse({ type: listResponse(resource.response) }),
  );

/** Where the resource has no such route, the method is none. The path is its parameter unless given. */
export const OneRoute = <Item>(resource: Resource<Item>, path?: string): MethodDecorator => {
  const { one, history, response: type } = resource;
  if (!one) return none;
  const etag = { description: 'The revision, in quotes.', schema: { type: 'string' } } as const;
  const { code } = one.unknown();
  return Route(
    path ?? `:${one.param ?? 'id'}`,
    resource,
    one,
    oneParameters(resource),
    ApiOkResponse({ type, headers: { ETag: etag } }),
    ApiNotFoundResponse({
      description: history?.asOf ? `${code}, or NOT_REGISTERED_THEN with \`asOf\`.` : code,
    }),
  );
};

export const HistoryRoute = <Item>(resource: Resource<Item>): MethodDecorator => {
  const { one, history } = resource;
  if (!history) return none;
  const path = `:${one?.param ?? 'id'}/history`;
  return Route(
    path,
    resource,
    history,
    historyParameters,
    ApiOkResponse({ type: HistoryResponse }),
  );
};

/** Of `ProductResponse` or `ListedProductResponse` it is `ProductListResponse`. */
const listResponse = <Item>(item: Type<Item>): Type<PageOf<Item>> => {
  class ListResponse {
    items!: readonly Item[];
    nextCursor!: string | null;
  }
  ApiProperty({ type: [item] })(ListResponse.prototype, 'items');
  ApiProperty({ type: String, nullable: true })(ListResponse.prototype, 'nextCursor');
  const [, name = ''] = /^(?:Listed)?(.*?)(?:Response)?$/.exec(item.name) ?? [];
  return Object.defineProperty(ListResponse, 'name', { value: `${name}ListResponse` });
};

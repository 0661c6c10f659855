import { readFileSync } from 'node:fs';

import { type ChannelCredentials, credentials, Metadata } from '@grpc/grpc-js';

/** A store by its connection string. */
interface Named {
  readonly url: string;
}

interface User {
  readonly username: string;
  readonly password: string;
}

interface Parts {
  readonly scheme: string;
  readonly user: string | undefined;
  readonly hosts: string;
  readonly search: URLSearchParams;
}

const PORT = '2113';

const partsOf = (url: string): Parts => {
  const match = /^([^:]+):\/\/(?:([^/?#@]*)@)?([^/?#]*)[^?#]*(\?[^#]*)?/.exec(url);
  if (match === null) throw new Error('A store is named as esdb://host:port, with what it needs.');
  const [, scheme, user, hosts, search] = match;
  return { scheme: scheme!, user, hosts: hosts!, search: new URLSearchParams(search) };
};

/** Host and port of the store, for raw calls. */
export const addressOf = ({ url }: Named): string => {
  const { scheme, hosts } = partsOf(url);
  if (scheme.endsWith('+discover') || hosts.includes(',')) {
    throw new Error(
      'The suite makes calls to one node by itself: name one node as esdb://host:port, without esdb+discover.',
    );
  }
  return hosts.includes(':') ? hosts : `${hosts}:${PORT}`;
};

/** The user that a connection string names. */
export const userOf = (url: string): User | undefined => {
  const { user } = partsOf(url);
  if (user === undefined) return undefined;
  const [username = '', password = ''] = user.split(':').map(decodeURIComponent);
  return { username, password };
};

const authorizationOf = ({ username, password }: User): Metadata => {
  const metadata = new Metadata();
  const pair = Buffer.from(`${username}:${password}`).toString('base64');
  metadata.set('authorization', `Basic ${pair}`);
  return metadata;
};

/** What raw calls have to show to the store, as its connection string says: its user over TLS alone. */
export const credentialsOf = ({ url }: Named): ChannelCredentials => {
  const { search } = partsOf(url);
  if (search.get('tls') === 'false') return credentials.createInsecure();
  const content = (name: string): Buffer | null => {
    const path = search.get(name);
    return path === null ? null : readFileSync(path);
  };
  const channel = credentials.createSsl(
    content('tlsCAFile'),
    content('userKeyFile'),
    content('userCertFile'),
  );
  const user = userOf(url);
  if (user === undefined) return channel;
  const authorization = authorizationOf(user);
  return credentials.combineChannelCredentials(
    channel,
    credentials.createFromMetadataGenerator((_, done) => done(null, authorization)),
  );
};

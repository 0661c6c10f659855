import pg from 'pg';

/** What of `pg`'s client is not in its types: the messages of a server, and the sending of a password as such. */
interface Wire {
  on(message: string, listener: () => void): unknown;
  emit(event: 'error', error: Error): unknown;
  password(password: string): void;
  readonly stream: { destroy(): unknown };
}

/**
 * A connection that keeps `require_auth=scram-sha-256` of its URL, as libpq does: the server has to
 * prove by SCRAM that it knows the password before anything is believed or sent, and is never shown
 * it. Whoever takes the port of a server that is down gets nothing. Without the parameter as `pg.Client`.
 *
 * Throws for another value of the parameter.
 */
export class AuthenticatedClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const url = typeof config === 'string' ? config : (config?.connectionString ?? '');
    const required = /[?&]require_auth=([^&]*)/.exec(url)?.[1];
    if (required === undefined) return;
    if (required !== scram) throw new Error(`require_auth is "${required}"; expected ${scram}`);
    requireScram((this as unknown as { readonly connection: Wire }).connection);
  }
}

const scram = 'scram-sha-256';

/** The listeners stand before those of the client, which attaches its own when it connects. */
const requireScram = (wire: Wire): void => {
  const refuse = (what: string): void => {
    wire.emit('error', new Error(`the server ${what}: it may not be PostgreSQL of ours`));
    wire.stream.destroy();
  };
  wire.password = () => {
    refuse(`asks for the password itself, not by ${scram}`);
  };
  let proven = false;
  // The client checks the proof then, and fails where it is wrong.
  wire.on('authenticationSASLFinal', () => {
    proven = true;
  });
  wire.on('readyForQuery', () => {
    if (!proven) refuse('has not proven that it knows the password');
  });
};

-- API keys as they stand, without what would help to guess a secret.
create table api_keys (
  id text collate "C" primary key,
  name text not null,
  roles text[] not null,
  status text collate "C" not null,
  expires_at timestamptz,
  issued_at timestamptz not null,
  issued_by text not null,
  -- Position in the log: the order of lists, which no later event changes.
  issued_position bigint not null unique,
  revoked_at timestamptz,
  revoked_by text,
  revoke_reason text,
  revision bigint not null
);

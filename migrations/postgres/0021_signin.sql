-- +goose Up
-- How the authority's people sign in. Roles are nowhere here: they are asked of
-- users at every request, so that a change holds at once.
-- password is a PHC string of argon2id with its parameters; totp is sealed under
-- the deployment's key; totp_step is the last step that was used, so that no code
-- works twice; subject is who he is at the OIDC provider.
create table user_logins (user_id bigint primary key, password text not null default '', password_at timestamptz, totp bytea, totp_step bigint not null default 0,
  totp_at timestamptz, subject text not null default '');
create unique index user_logins_subject on user_logins (subject) where subject <> '';
-- A session waits for its second step while stage is half. expires_at is its
-- absolute end, the idle end is counted from seen_at.
create table user_sessions (hash bytea primary key, ref text not null unique, user_id bigint not null, stage text not null, way text not null, device text not null, place text not null,
  created_at timestamptz not null, seen_at timestamptz not null, expires_at timestamptz not null, ended_at timestamptz, ended_by text not null);
create index user_sessions_user on user_sessions (user_id) where ended_at is null;
create index user_sessions_expires on user_sessions (expires_at);
-- Links to set a password with, each once.
create table user_links (hash bytea primary key, user_id bigint not null, given_by text not null, created_at timestamptz not null, expires_at timestamptz not null, used_at timestamptz, ended_at timestamptz);
create index user_links_user on user_links (user_id);
create table user_recovery (user_id bigint not null, hash bytea not null, used_at timestamptz, primary key (user_id, hash));
-- API tokens that people make themselves; the one of users.token_hash stands beside them.
create table user_tokens (hash bytea primary key, ref text not null unique, user_id bigint not null, name text not null, scope text not null, created_at timestamptz not null,
  expires_at timestamptz not null, used_at timestamptz, ended_at timestamptz);
create index user_tokens_user on user_tokens (user_id);
-- Who changed what about whom, and when: never changed.
create table user_changes (id bigint generated always as identity primary key, user_id bigint not null, at timestamptz not null, actor text not null, what text not null, was text not null, now text not null);
create index user_changes_user on user_changes (user_id, id);

-- +goose Down
drop table user_changes;
drop table user_tokens;
drop table user_recovery;
drop table user_links;
drop table user_sessions;
drop table user_logins;

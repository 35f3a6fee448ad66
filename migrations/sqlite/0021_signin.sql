-- +goose Up
-- How the authority's people sign in. Roles are nowhere here: they are asked of
-- users at every request, so that a change holds at once.
-- password is a PHC string of argon2id with its parameters; totp is sealed under
-- the deployment's key; totp_step is the last step that was used, so that no code
-- works twice; subject is who he is at the OIDC provider.
create table user_logins (user_id integer primary key, password text not null default '', password_at integer, totp blob, totp_step integer not null default 0,
  totp_at integer, subject text not null default '');
create unique index user_logins_subject on user_logins (subject) where subject <> '';
-- A session waits for its second step while stage is half. expires_at is its
-- absolute end, the idle end is counted from seen_at.
create table user_sessions (hash blob primary key, ref text not null unique, user_id integer not null, stage text not null, way text not null, device text not null, place text not null,
  created_at integer not null, seen_at integer not null, expires_at integer not null, ended_at integer, ended_by text not null);
create index user_sessions_user on user_sessions (user_id) where ended_at is null;
create index user_sessions_expires on user_sessions (expires_at);
-- Links to set a password with, each once.
create table user_links (hash blob primary key, user_id integer not null, given_by text not null, created_at integer not null, expires_at integer not null, used_at integer, ended_at integer);
create index user_links_user on user_links (user_id);
create table user_recovery (user_id integer not null, hash blob not null, used_at integer, primary key (user_id, hash));
-- API tokens that people make themselves; the one of users.token_hash stands beside them.
create table user_tokens (hash blob primary key, ref text not null unique, user_id integer not null, name text not null, scope text not null, created_at integer not null,
  expires_at integer not null, used_at integer, ended_at integer);
create index user_tokens_user on user_tokens (user_id);
-- Who changed what about whom, and when: never changed.
create table user_changes (id integer primary key autoincrement, user_id integer not null, at integer not null, actor text not null, what text not null, was text not null, now text not null);
create index user_changes_user on user_changes (user_id, id);

-- +goose Down
drop table user_changes;
drop table user_tokens;
drop table user_recovery;
drop table user_links;
drop table user_sessions;
drop table user_logins;

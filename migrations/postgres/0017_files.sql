-- +goose Up
-- Files of a case. The bytes lie in the folder of files, sealed under a key of the
-- file's own; that key is wrapped with the case's, or, before anything is filed,
-- with the deployment's in file_keys, which no backup takes along. box is the
-- name; received is the digest of what was sent, kept of what is delivered.
create table files (id text primary key, case_id bigint, seq bigint not null default 0, draft bytea, expires_at timestamptz, actor text not null default '', side text not null default '', respondent bigint not null default 0,
  seen text not null, kind text not null, received_size bigint not null, received bytea not null, state text not null, code text not null default '',
  kept_size bigint not null default 0, kept bytea, width bigint not null default 0, height bigint not null default 0, box bytea not null, wrapped bytea,
  at timestamptz not null, next_at timestamptz not null, attempts bigint not null default 0, told bigint not null default 0, removed_at timestamptz);
create index files_case on files (case_id) where case_id is not null;
create index files_draft on files (draft) where draft is not null;
create index files_pending on files (next_at) where state = 'pending';
create index files_expires on files (expires_at) where expires_at is not null;
create index files_infected on files (id) where code = 'infected' and told = 0;
create table file_keys (file_id text primary key, kek text not null, wrapped bytea not null);
-- Bytes that are to be deleted, whole or in part: written with what makes them so.
create table file_gone (id text not null, part text not null, primary key (id, part));
-- Which folder belongs to this database: the folder says the same.
create table file_store (one bigint primary key, id text not null);

-- +goose Down
drop table file_store;
drop table file_gone;
drop table file_keys;
drop table files;

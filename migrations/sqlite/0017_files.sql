-- +goose Up
-- Files of a case. The bytes lie in the folder of files, sealed under a key of the
-- file's own; that key is wrapped with the case's, or, before anything is filed,
-- with the deployment's in file_keys, which no backup takes along. box is the
-- name; received is the digest of what was sent, kept of what is delivered.
create table files (id text primary key, case_id integer, seq integer not null default 0, draft blob, expires_at integer, actor text not null default '', side text not null default '', respondent integer not null default 0,
  seen text not null, kind text not null, received_size integer not null, received blob not null, state text not null, code text not null default '',
  kept_size integer not null default 0, kept blob, width integer not null default 0, height integer not null default 0, box blob not null, wrapped blob,
  at integer not null, next_at integer not null, attempts integer not null default 0, told integer not null default 0, removed_at integer);
create index files_case on files (case_id) where case_id is not null;
create index files_draft on files (draft) where draft is not null;
create index files_pending on files (next_at) where state = 'pending';
create index files_expires on files (expires_at) where expires_at is not null;
create index files_infected on files (id) where code = 'infected' and told = 0;
create table file_keys (file_id text primary key, kek text not null, wrapped blob not null);
-- Bytes that are to be deleted, whole or in part: written with what makes them so.
create table file_gone (id text not null, part text not null, primary key (id, part));
-- Which folder belongs to this database: the folder says the same.
create table file_store (one integer primary key, id text not null);

-- +goose Down
drop table file_store;
drop table file_gone;
drop table file_keys;
drop table files;

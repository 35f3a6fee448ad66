-- +goose Up
-- Public halves of the keys that sign receipts and checkpoints, for ever.
create table signing_keys (id text primary key, public text not null, from_at integer not null, to_at integer, revoked_at integer,
  reason text not null default '');
-- Cases whose person was erased: a restore repeats them. No row is ever removed.
create table erasures (case_id integer primary key, number text not null, at integer not null);
-- Restores of this database, so that verify says what is missing.
create table restores (id text primary key, at integer not null, taken_at integer not null, height integer not null, hash blob,
  lost_height integer, lost_hash blob, keys_missing integer not null);

-- +goose Down
drop table restores;
drop table erasures;
drop table signing_keys;

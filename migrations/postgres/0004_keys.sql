-- +goose Up
-- Public halves of the keys that sign receipts and checkpoints, for ever.
create table signing_keys (id text primary key, public text not null, from_at timestamptz not null, to_at timestamptz, revoked_at timestamptz,
  reason text not null default '');
-- Cases whose person was erased: a restore repeats them. No row is ever removed.
create table erasures (case_id bigint primary key, number text not null, at timestamptz not null);
-- Restores of this database, so that verify says what is missing.
create table restores (id text primary key, at timestamptz not null, taken_at timestamptz not null, height bigint not null, hash bytea,
  lost_height bigint, lost_hash bytea, keys_missing bigint not null);

-- +goose Down
drop table restores;
drop table erasures;
drop table signing_keys;

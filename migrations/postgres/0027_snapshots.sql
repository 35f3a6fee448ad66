-- +goose Up
-- What was published of a month or a year, as of a block: counts and never a
-- narrative. body is its text, salt what the commitment to it is made with,
-- statement what the site signed; bound is the block that seals the statement.
create table snapshots (id text primary key, no bigint not null unique, from_day text not null, to_day text not null, taken_at timestamptz not null,
  height bigint not null, first_leaf bigint not null, size bigint not null, body text not null, salt bytea not null, statement text not null, bound bigint not null);
-- The leaves of the tree, over all snapshots: no is the index, case_id 0 leads one.
-- seq is the last event of the case that was counted.
create table snapshot_leaves (no bigint primary key, snapshot text not null, case_id bigint not null, seq bigint not null, salt bytea not null, leaf bytea not null);
create index snapshot_leaves_case on snapshot_leaves (case_id, snapshot);
create table snapshot_hashes (no bigint primary key, hash bytea not null);
-- Events sealed after a snapshot that count for its days all the same.
create table restated (snapshot text not null, case_id bigint not null, seq bigint not null, primary key (snapshot, case_id, seq));
-- +goose StatementBegin
create function snapshots_kept() returns trigger language plpgsql as $$ begin raise exception 'a snapshot is never changed'; end $$;
-- +goose StatementEnd
create trigger snapshots_kept before update or delete on snapshots for each row execute function snapshots_kept();
create trigger snapshot_leaves_kept before update or delete on snapshot_leaves for each row execute function snapshots_kept();
create trigger snapshot_hashes_kept before update or delete on snapshot_hashes for each row execute function snapshots_kept();

-- +goose Down
drop table restated;
drop table snapshot_hashes;
drop table snapshot_leaves;
drop table snapshots;
drop function snapshots_kept;

-- +goose Up
-- What was published of a month or a year, as of a block: counts and never a
-- narrative. body is its text, salt what the commitment to it is made with,
-- statement what the site signed; bound is the block that seals the statement.
create table snapshots (id text primary key, no integer not null unique, from_day text not null, to_day text not null, taken_at integer not null,
  height integer not null, first_leaf integer not null, size integer not null, body text not null, salt blob not null, statement text not null, bound integer not null);
-- The leaves of the tree, over all snapshots: no is the index, case_id 0 leads one.
-- seq is the last event of the case that was counted.
create table snapshot_leaves (no integer primary key, snapshot text not null, case_id integer not null, seq integer not null, salt blob not null, leaf blob not null);
create index snapshot_leaves_case on snapshot_leaves (case_id, snapshot);
create table snapshot_hashes (no integer primary key, hash blob not null);
-- Events sealed after a snapshot that count for its days all the same.
create table restated (snapshot text not null, case_id integer not null, seq integer not null, primary key (snapshot, case_id, seq));
-- +goose StatementBegin
create trigger snapshots_kept_update before update on snapshots begin select raise(abort, 'a snapshot is never changed'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger snapshots_kept_delete before delete on snapshots begin select raise(abort, 'a snapshot is never changed'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger snapshot_leaves_kept_update before update on snapshot_leaves begin select raise(abort, 'a snapshot is never changed'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger snapshot_leaves_kept_delete before delete on snapshot_leaves begin select raise(abort, 'a snapshot is never changed'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger snapshot_hashes_kept_update before update on snapshot_hashes begin select raise(abort, 'a snapshot is never changed'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger snapshot_hashes_kept_delete before delete on snapshot_hashes begin select raise(abort, 'a snapshot is never changed'); end;
-- +goose StatementEnd

-- +goose Down
drop table restated;
drop table snapshot_hashes;
drop table snapshot_leaves;
drop table snapshots;

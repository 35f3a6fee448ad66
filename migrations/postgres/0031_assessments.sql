-- +goose Up
-- The assessment of a year: body is its text, digest the SHA-256 of it. No row is
-- ever changed.
create table assessments (year text primary key, taken_at bigint not null, body text not null, digest text not null);
create trigger assessments_kept before update or delete on assessments for each row execute function snapshots_kept();

-- +goose Down
drop table assessments;

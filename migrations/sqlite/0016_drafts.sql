-- +goose Up
-- A complaint that is being written, under a key that only its writer's link
-- makes: hash finds it, and nothing that the database or its keys know opens it.
create table drafts (hash blob primary key, box blob not null, expires_at integer not null) without rowid;
create index drafts_expires on drafts (expires_at);

-- +goose Down
drop table drafts;

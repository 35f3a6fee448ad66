-- +goose Up
-- PostgreSQL's clocks become smaller here; SQLite keeps small numbers small.
select 1;

-- +goose Down
select 1;

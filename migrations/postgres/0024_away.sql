-- +goose Up
-- Who was sent to the OIDC provider to sign in and has not come back yet: what the
-- browser must show and what it goes on with, sealed. A row is taken once.
create table user_away (hash bytea primary key, box bytea not null, expires_at timestamptz not null);
create index user_away_expires on user_away (expires_at);

-- +goose Down
drop table user_away;

-- +goose Up
-- What was published of a slice and a period, each time it was: figures as anybody
-- may read them, small cells hidden. No row is ever changed; a later one of the
-- same period says what is different.
create table releases (slice text not null, period text not null, no bigint not null, from_day text not null, to_day text not null, taken_at bigint not null,
  height bigint not null, hash text not null, definitions text not null, rules text not null, calendar text not null, body text not null, primary key (slice, period, no));

-- +goose Down
drop table releases;

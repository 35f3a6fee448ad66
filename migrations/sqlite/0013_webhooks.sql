-- +goose Up
-- Who else is told what happened: machines of the bureau's own. wrapped holds
-- address and secrets, sealed with the site's key: an address can be a secret too.
-- at_height, at_case and at_seq are the last event that it has: it goes on there.
create table webhooks (id integer primary key, ref text not null unique, kek text not null, wrapped blob not null, description text not null,
  topics text not null, created_by text not null, created_at integer not null, changed_at integer not null, ended_at integer, paused_at integer, paused_why text not null,
  paused_by text not null, failures integer not null, error text not null, next_at integer not null, sent_at integer, held_until integer, fence integer not null,
  at_height integer not null, at_case integer not null, at_seq integer not null);
create index webhooks_next on webhooks (next_at) where ended_at is null and paused_at is null;
-- What each block sealed, while somebody wants to know: the events of a case
-- after after_seq, up to upto.
create table webhook_feed (height integer not null, case_id integer not null, after_seq integer not null, upto integer not null, primary key (height, case_id));

-- +goose Down
drop table webhook_feed;
drop table webhooks;

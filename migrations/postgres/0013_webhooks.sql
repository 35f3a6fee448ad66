-- +goose Up
-- Who else is told what happened: machines of the bureau's own. wrapped holds
-- address and secrets, sealed with the site's key: an address can be a secret too.
-- at_height, at_case and at_seq are the last event that it has: it goes on there.
create table webhooks (id bigint generated always as identity primary key, ref text not null unique, kek text not null, wrapped bytea not null, description text not null,
  topics text not null, created_by text not null, created_at timestamptz not null, changed_at timestamptz not null, ended_at timestamptz, paused_at timestamptz, paused_why text not null,
  paused_by text not null, failures bigint not null, error text not null, next_at timestamptz not null, sent_at timestamptz, held_until timestamptz, fence bigint not null,
  at_height bigint not null, at_case bigint not null, at_seq bigint not null);
create index webhooks_next on webhooks (next_at) where ended_at is null and paused_at is null;
-- What each block sealed, while somebody wants to know: the events of a case
-- after after_seq, up to upto.
create table webhook_feed (height bigint not null, case_id bigint not null, after_seq bigint not null, upto bigint not null, primary key (height, case_id));

-- +goose Down
drop table webhook_feed;
drop table webhooks;

-- +goose Up
-- What delivering an owed message needs: how urgent it is, who holds it until
-- when, how often it was tried and what went wrong (a code, nothing personal).
-- fence grows with every claim: whoever holds an older one changes nothing.
alter table outbox add column queue text not null default 'notices';
alter table outbox add column next_at integer not null default 0;
alter table outbox add column fence integer not null default 0;
alter table outbox add column attempts integer not null default 0;
alter table outbox add column held text not null default '';
alter table outbox add column error text not null default '';
drop index outbox_owed;
create index outbox_next on outbox (queue, next_at) where state = 'owed';
create index outbox_dead on outbox (at) where state = 'dead';
-- When a node last found nothing left to enforce.
alter table heartbeats add column swept_at integer;

-- +goose Down
alter table heartbeats drop column swept_at;
drop index outbox_dead;
drop index outbox_next;
alter table outbox drop column queue;
alter table outbox drop column next_at;
alter table outbox drop column fence;
alter table outbox drop column attempts;
alter table outbox drop column held;
alter table outbox drop column error;
create index outbox_owed on outbox (at) where state = 'owed';

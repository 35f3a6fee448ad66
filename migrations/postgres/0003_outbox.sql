-- +goose Up
-- What delivering an owed message needs: how urgent it is, who holds it until
-- when, how often it was tried and what went wrong (a code, nothing personal).
-- fence grows with every claim: whoever holds an older one changes nothing.
alter table outbox add column queue text not null default 'notices';
alter table outbox add column next_at timestamptz not null default 'epoch';
alter table outbox add column fence bigint not null default 0;
alter table outbox add column attempts bigint not null default 0;
alter table outbox add column held text not null default '';
alter table outbox add column error text not null default '';
drop index outbox_owed;
create index outbox_next on outbox (queue, next_at) where state = 'owed';
create index outbox_dead on outbox (at) where state = 'dead';
-- For retention: old rows lie together, so a summary of each range of pages is
-- enough, and costs the inserts nothing.
create index outbox_age on outbox using brin (at);
create index idempotency_age on idempotency using brin (at);
-- When a node last found nothing left to enforce.
alter table heartbeats add column swept_at timestamptz;

-- +goose Down
alter table heartbeats drop column swept_at;
drop index idempotency_age;
drop index outbox_age;
drop index outbox_dead;
drop index outbox_next;
alter table outbox drop column queue, drop column next_at, drop column fence, drop column attempts, drop column held, drop column error;
create index outbox_owed on outbox (at) where state = 'owed';

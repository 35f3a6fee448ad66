-- +goose Up
-- When somebody is told of an overdue duty next stands in remind_at, as the next
-- reminder does of a clock that runs.
create index clocks_escalate on clocks (remind_at, case_id) where state = 'owed' and remind_at is not null;
create index clocks_owed on clocks (late_from, case_id, no) where state = 'owed';
update clocks set remind_at = late_from where state = 'owed';
-- Which steps of escalation a duty has taken, when it was to and when it did, and
-- whom it told.
create table escalations (case_id bigint not null, no integer not null, step text not null, place integer not null, due_at timestamptz not null,
  at timestamptz not null, told text not null, primary key (case_id, no, step));

-- Codes by which somebody shows that a phone or mailbox is his before he files.
-- mac finds the address, code is kept under a key; the address itself is in the
-- letter alone. used_by is the request that it stood for.
create table contact_checks (hash bytea primary key, kind text not null, mac bytea not null, code bytea not null, sent boolean not null, attempts integer not null,
  at timestamptz not null, expires_at timestamptz not null, confirmed_at timestamptz, used_by text not null);
create index contact_checks_mac on contact_checks (mac, at);
create index contact_checks_age on contact_checks (at);

-- +goose Down
drop table contact_checks;
drop table escalations;
drop index clocks_owed;
drop index clocks_escalate;

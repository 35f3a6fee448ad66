-- +goose Up
-- When somebody is told of an overdue duty next stands in remind_at, as the next
-- reminder does of a clock that runs.
create index clocks_escalate on clocks (remind_at, case_id) where state = 'owed' and remind_at is not null;
create index clocks_owed on clocks (late_from, case_id, no) where state = 'owed';
update clocks set remind_at = late_from where state = 'owed';
-- Which steps of escalation a duty has taken, when it was to and when it did, and
-- whom it told.
create table escalations (case_id integer not null, no integer not null, step text not null, place integer not null, due_at integer not null,
  at integer not null, told text not null, primary key (case_id, no, step));

-- +goose Down
drop table escalations;
drop index clocks_owed;
drop index clocks_escalate;

-- +goose Up
-- Attempts to tell somebody what he is owed: facts beside the log. Whom they
-- reached stands as a role, and for a merchant as the number of a contact in the
-- register (0: what the case itself says): no address is in here.
create table notice_attempts (case_id integer not null, no integer not null, topic text not null, ordinal integer not null, recipient text not null,
  round integer not null, channel text not null, merchant text not null, contact integer not null, template text not null, version integer not null,
  language text not null, at integer not null, outcome text not null, code text not null, lasting integer not null, ref text not null,
  reported_at integer, primary key (case_id, no, topic, ordinal)) without rowid;
create index notice_attempts_ref on notice_attempts (channel, ref) where ref <> '';
-- What channels said of messages and is not applied yet: the sending may not be
-- written down when its report comes.
create table channel_reports (channel text not null, ref text not null, delivered integer not null, code text not null, lasting integer not null,
  at integer not null, received_at integer not null, primary key (channel, ref, delivered)) without rowid;
create index channel_reports_age on channel_reports (received_at);
-- How often a person had the message sent anew: each time its ways are all open
-- again and its link is another.
alter table outbox add column round integer not null default 0;

-- +goose Down
alter table outbox drop column round;
drop table channel_reports;
drop table notice_attempts;

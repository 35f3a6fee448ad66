-- +goose Up
-- Attempts to tell somebody what he is owed: facts beside the log. Whom they
-- reached stands as a role, and for a merchant as the number of a contact in the
-- register (0: what the case itself says): no address is in here.
create table notice_attempts (case_id bigint not null, no bigint not null, topic text not null, ordinal bigint not null, recipient text not null,
  round bigint not null, channel text not null, merchant text not null, contact bigint not null, template text not null, version bigint not null,
  language text not null, at timestamptz not null, outcome text not null, code text not null, lasting boolean not null, ref text not null,
  reported_at timestamptz, primary key (case_id, no, topic, ordinal));
create index notice_attempts_ref on notice_attempts (channel, ref) where ref <> '';
-- What channels said of messages and is not applied yet: the sending may not be
-- written down when its report comes.
create table channel_reports (channel text not null, ref text not null, delivered boolean not null, code text not null, lasting boolean not null,
  at timestamptz not null, received_at timestamptz not null, primary key (channel, ref, delivered));
create index channel_reports_age on channel_reports (received_at);
-- How often a person had the message sent anew: each time its ways are all open
-- again and its link is another.
alter table outbox add column round bigint not null default 0;

-- +goose Down
alter table outbox drop column round;
drop table channel_reports;
drop table notice_attempts;

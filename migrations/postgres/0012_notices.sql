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
-- again and its link is another. digest is the message that it went out with.
alter table outbox add column round bigint not null default 0, add column digest bigint;
create index outbox_digest on outbox (recipient, at) where state = 'owed' and queue = 'digest';
create index outbox_digested on outbox (digest) where digest is not null;
-- What the bureau made of the texts in the binary; versions begin at 1, which
-- leaves 0 for those. None is ever changed: attempts cite them.
create table notice_templates (name text not null, language text not null, version bigint not null, subject text not null, body text not null, short text not null,
  actor text not null, why text not null, at timestamptz not null, primary key (name, language, version));
-- Whom somebody told something in the last day, by a keyed print of the address:
-- how many messages one gets in a time is bounded.
create table told_lately (mac bytea not null, at timestamptz not null, message text not null, primary key (mac, message));
create index told_lately_at on told_lately (at);
-- One message per office and morning.
create table digests (id bigint generated always as identity primary key, recipient text not null, day text not null, at timestamptz not null, unique (recipient, day));

-- +goose Down
drop table digests;
drop table told_lately;
drop table notice_templates;
drop index outbox_digested;
drop index outbox_digest;
alter table outbox drop column round, drop column digest;
drop table channel_reports;
drop table notice_attempts;

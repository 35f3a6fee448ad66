-- +goose Up
-- A user's mailbox, sealed under the deployment's key.
create table user_mails (user_id integer primary key, kek text not null, wrapped blob not null);
-- Whom of those that a step names nothing could reach.
alter table escalations add column unreached text not null default '';
-- What an address was sent by a channel within the last day, for the rate: mac finds
-- it again, the address itself and what it was about are not here.
create table sendings (id text primary key, mac blob not null, channel text not null, at integer not null);
create index sendings_mac on sendings (mac, channel, at);
create index sendings_age on sendings (at);
-- The message's fence when an attempt began: whether its holder has begun to hand it over.
alter table notice_attempts add column fence bigint not null default 0;

-- +goose Down
alter table notice_attempts drop column fence;
drop table sendings;
alter table escalations drop column unreached;
drop table user_mails;

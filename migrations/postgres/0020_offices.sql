-- +goose Up
-- A user's mailbox, sealed under the deployment's key.
create table user_mails (user_id bigint primary key, kek text not null, wrapped bytea not null);
-- Whom of those that a step names nothing could reach.
alter table escalations add column unreached text not null default '';

-- +goose Down
alter table escalations drop column unreached;
drop table user_mails;

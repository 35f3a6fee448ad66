-- +goose Up
-- Who had a notice sent anew, and when: never changed. round is the outbox row's
-- from then on; the links of earlier rounds ended in the same transaction.
create table notice_resends (case_id bigint not null, no bigint not null, round bigint not null, actor text not null, at timestamptz not null,
  primary key (case_id, no, round));

-- +goose Down
drop table notice_resends;

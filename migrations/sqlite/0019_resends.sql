-- +goose Up
-- Who had a notice sent anew, and when: never changed. round is the outbox row's
-- from then on; the links of earlier rounds ended in the same transaction.
create table notice_resends (case_id integer not null, no integer not null, round integer not null, actor text not null, at integer not null,
  primary key (case_id, no, round)) without rowid;

-- +goose Down
drop table notice_resends;

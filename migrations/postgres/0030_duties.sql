-- +goose Up
-- What falls due is counted for everybody who opens the desk: board_late says of
-- each open clock whose it is as well, so that nobody looks that up among all
-- cases. Few cases are open, so it is small however many there are. live_late is
-- the same of cases that it has not caught up with.
drop table board_late;
create table board_late (case_id bigint not null, no bigint not null, code text not null, owed bigint not null, late bigint not null,
  kind text not null, stage text not null, outcome text not null, unit text not null, town text not null, officer text not null, organisation text not null,
  receiver text not null, recused text not null, linked bigint not null, primary key (case_id, no));
create view live_late as select k.case_id, k.no, k.code, (k.state = 'owed')::int::bigint as owed, (extract(epoch from k.late_from) * 1000000)::bigint as late,
  b.kind, b.stage, b.outcome, b.unit, b.town, b.officer, b.organisation, b.receiver, b.recused, b.linked
  from clocks k join live_board b on b.case_id = k.case_id where k.state in ('running', 'owed') and k.late_from is not null;
insert into board_late select k.case_id, k.no, k.code, (k.state = 'owed')::int::bigint, (extract(epoch from k.late_from) * 1000000)::bigint, b.kind, b.stage, b.outcome, b.unit, b.town, b.officer, b.organisation, b.receiver, b.recused, b.linked
  from clocks k join board b on b.case_id = k.case_id where k.state in ('running', 'owed') and k.late_from is not null;
create index board_late_code on board_late (code, late, case_id);
create index board_late_next on board_late (late, no, case_id);
-- A county's, a unit's and an officer's cases are counted stage by stage: out of
-- the index alone.
drop index board_due;
drop index board_unit_due;
drop index board_officer;
create index board_due on board (due, case_id, state, kind, recused, unit, town);
create index board_unit_due on board (unit, due, case_id, state, kind, recused, town);
create index board_officer on board (officer, due, case_id, state, kind, recused, unit, town) where officer <> '';
-- Who has a case is in one unit and mostly in one town: told so, the planner reads
-- an officer's cases in their order.
create statistics board_hands (dependencies) on unit, officer, town from board;

-- +goose Down
drop statistics board_hands;
drop index board_officer;
drop index board_unit_due;
drop index board_due;
create index board_due on board (due, case_id);
create index board_unit_due on board (unit, due, case_id);
create index board_officer on board (officer, due, case_id) where officer <> '';
drop view live_late;
drop table board_late;
create table board_late (case_id bigint not null, no bigint not null, code text not null, late bigint not null, primary key (case_id, no));
insert into board_late select k.case_id, k.no, k.code, (extract(epoch from k.late_from) * 1000000)::bigint from clocks k join board b on b.case_id = k.case_id where k.state in ('running', 'owed') and k.late_from is not null;
create index board_late_code on board_late (code, late, case_id);

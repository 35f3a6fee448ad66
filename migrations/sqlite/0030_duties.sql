-- +goose Up
-- What falls due is counted for everybody who opens the desk: board_late says of
-- each open clock whose it is as well, so that nobody looks that up among all
-- cases. Few cases are open, so it is small however many there are. live_late is
-- the same of cases that it has not caught up with.
drop table board_late;
create table board_late (case_id integer not null, no integer not null, code text not null, owed integer not null, late integer not null,
  kind text not null, stage text not null, outcome text not null, unit text not null, town text not null, officer text not null, organisation text not null,
  receiver text not null, recused text not null, linked integer not null, primary key (case_id, no)) without rowid;
create view live_late as select k.case_id, k.no, k.code, k.state = 'owed' as owed, k.late_from as late,
  b.kind, b.stage, b.outcome, b.unit, b.town, b.officer, b.organisation, b.receiver, b.recused, b.linked
  from clocks k join live_board b on b.case_id = k.case_id where k.state in ('running', 'owed') and k.late_from is not null;
insert into board_late select k.case_id, k.no, k.code, k.state = 'owed', k.late_from, b.kind, b.stage, b.outcome, b.unit, b.town, b.officer, b.organisation, b.receiver, b.recused, b.linked
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

-- +goose Down
drop index board_officer;
drop index board_unit_due;
drop index board_due;
create index board_due on board (due, case_id);
create index board_unit_due on board (unit, due, case_id);
create index board_officer on board (officer, due, case_id) where officer <> '';
drop view live_late;
drop table board_late;
create table board_late (case_id integer not null, no integer not null, code text not null, late integer not null, primary key (case_id, no)) without rowid;
insert into board_late select k.case_id, k.no, k.code, k.late_from from clocks k join board b on b.case_id = k.case_id where k.state in ('running', 'owed') and k.late_from is not null;
create index board_late_code on board_late (code, late, case_id);

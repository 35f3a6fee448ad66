-- +goose Up
-- Who may read what, and what is read: all of it derived from the log or kept
-- beside it, nothing of it in the log. Instants of derived tables are
-- microseconds since 1970 in both databases, so that one text serves both.
-- A link is for one case, one recipient and one set of actions.
alter table links add column recipient text not null default '';
alter table links add column actions text not null default 'act';
alter table links add column given_by text not null default '';
alter table links add column ended_by text not null default '';
alter table links add column follows blob;
alter table links add column respondent integer not null default 0;

-- board is a case as lists, counts and scopes ask for it. Nobody waits for it:
-- sealing a block puts the cases that moved into board_todo, and until board has
-- caught up readers take those cases from live_board, which is cases itself.
create table board (case_id integer primary key, version integer not null, number text not null, kind text not null, state text not null, stage text not null,
  outcome text not null, acceptance text not null, unit text not null, town text not null, domain integer not null, category text not null,
  officer text not null, source text not null, ticket text not null, organisation text not null, receiver text not null, recused text not null,
  linked integer not null, filed integer not null, due integer not null);
create view live_board as select c.id as case_id, c.version, c.number, c.kind, c.state, substr(c.state, 1, instr(c.state, '.') - 1) as stage, c.outcome,
  json_extract(c.body, '$.acceptance') as acceptance, c.unit, c.town, c.domain, coalesce(json_extract(c.body, '$.facts.category'), '') as category,
  coalesce(json_extract(c.body, '$.facts.officer'), '') as officer, coalesce(json_extract(c.body, '$.facts.source'), '') as source,
  coalesce(json_extract(c.body, '$.facts.ticket'), '') as ticket,
  case when json_extract(c.body, '$.mediator') = 'organisation' then coalesce(json_extract(c.body, '$.facts.organisation'), '') else '' end as organisation,
  coalesce(json_extract(c.body, '$.facts.receiver'), '') as receiver, coalesce(json_extract(c.body, '$.facts.recused'), '') as recused,
  case when exists (select 1 from clocks k where k.case_id = c.id and k.code in ('link_election', 'confirmation_docketing', 'result_close')) then 1 else 0 end as linked,
  c.filed_at as filed,
  coalesce((select min(k.late_from) from clocks k where k.case_id = c.id and k.state in ('running', 'owed')), 253402300799000000) as due
  from cases c;
create table board_todo (case_id integer not null, seq integer not null, primary key (case_id, seq)) without rowid;
insert into board_todo (case_id, seq) select id, version from cases;
-- board_late holds when each open clock of a case is first too late.
create table board_late (case_id integer not null, no integer not null, code text not null, late integer not null, primary key (case_id, no)) without rowid;
create index board_late_code on board_late (code, late, case_id);
create index board_due on board (due, case_id);
create index board_filed on board (filed, case_id);
create index board_unit_due on board (unit, due, case_id);
create index board_unit_filed on board (unit, filed, case_id);
create index board_town_due on board (town, due, case_id);
create index board_state on board (state, unit, due, case_id, kind, town, recused);
create index board_ticket on board (ticket) where ticket <> '';
create index board_officer on board (officer, due, case_id) where officer <> '';
create index board_organisation on board (organisation, due, case_id) where organisation <> '';
create index board_receiver on board (receiver, due, case_id) where receiver <> '';
create index board_linked on board (due, case_id) where linked = 1;

-- case_search holds pairs of characters of what was sealed, without names and
-- numbers; a row dies with the case's key. seq is the last event that is in it.
create table search_todo (case_id integer not null, seq integer not null, primary key (case_id, seq)) without rowid;
create table search_done (case_id integer primary key, seq integer not null);
create virtual table case_search using fts5 (words, tokenize = "unicode61 remove_diacritics 0");
insert into case_search (case_search, rank) values ('secure-delete', 1);

-- Beside the log, sealed under the case's key.
create table notes (case_id integer not null, no integer not null, author text not null, box blob not null, at integer not null, primary key (case_id, no));
create table erasure_requests (case_id integer not null, no integer not null, seq integer not null, actor text not null, at integer not null, due text not null, primary key (case_id, no));
create table absences (id integer primary key, name text not null, deputy text not null, from_at integer not null, to_at integer not null,
  ended_at integer, created_at integer not null);
create index absences_to on absences (to_at);

-- +goose Down
drop table absences;
drop table erasure_requests;
drop table notes;
drop table case_search;
drop table search_done;
drop table search_todo;
drop table board_late;
drop table board_todo;
drop view live_board;
drop table board;
alter table links drop column recipient;
alter table links drop column actions;
alter table links drop column given_by;
alter table links drop column ended_by;
alter table links drop column follows;
alter table links drop column respondent;

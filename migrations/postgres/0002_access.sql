-- +goose Up
-- Who may read what, and what is read: all of it derived from the log or kept
-- beside it, nothing of it in the log. Instants of derived tables are
-- microseconds since 1970 in both databases, so that one text serves both.
-- A link is for one case, one recipient and one set of actions.
alter table links add column recipient text not null default '', add column actions text not null default 'act', add column given_by text not null default '',
  add column ended_by text not null default '', add column follows bytea, add column respondent bigint not null default 0;

-- board is a case as lists, counts and scopes ask for it. Nobody waits for it:
-- sealing a block puts the cases that moved into board_todo, and until board has
-- caught up readers take those cases from live_board, which is cases itself.
create table board (case_id bigint primary key, version bigint not null, number text not null, kind text not null, state text not null, stage text not null,
  outcome text not null, acceptance text not null, unit text not null, town text not null, domain bigint not null, category text not null,
  officer text not null, source text not null, ticket text not null, organisation text not null, receiver text not null, recused text not null,
  linked bigint not null, filed bigint not null, due bigint not null);
create view live_board as select c.id as case_id, c.version, c.number, c.kind, c.state, split_part(c.state, '.', 1) as stage, c.outcome, b.j ->> 'acceptance' as acceptance,
  c.unit, c.town, c.domain, coalesce(b.j #>> '{facts,category}', '') as category, coalesce(b.j #>> '{facts,officer}', '') as officer,
  coalesce(b.j #>> '{facts,source}', '') as source, coalesce(b.j #>> '{facts,ticket}', '') as ticket,
  case when b.j ->> 'mediator' = 'organisation' then coalesce(b.j #>> '{facts,organisation}', '') else '' end as organisation,
  coalesce(b.j #>> '{facts,receiver}', '') as receiver, coalesce(b.j #>> '{facts,recused}', '') as recused,
  (case when exists (select 1 from clocks k where k.case_id = c.id and k.code in ('link_election', 'confirmation_docketing', 'result_close')) then 1 else 0 end)::bigint as linked,
  (extract(epoch from c.filed_at) * 1000000)::bigint as filed,
  coalesce((select (extract(epoch from min(k.late_from)) * 1000000)::bigint from clocks k where k.case_id = c.id and k.state in ('running', 'owed')), 253402300799000000) as due
  from cases c cross join lateral (select c.body::jsonb as j) b;
create table board_todo (case_id bigint not null, seq bigint not null, primary key (case_id, seq));
insert into board_todo (case_id, seq) select id, version from cases;
-- board_late holds when each open clock of a case is first too late.
create table board_late (case_id bigint not null, no bigint not null, code text not null, late bigint not null, primary key (case_id, no));
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
create table search_todo (case_id bigint not null, seq bigint not null, primary key (case_id, seq));
create table search_done (case_id bigint primary key, seq bigint not null);
create table case_search (case_id bigint primary key, words tsvector not null);
create index case_search_words on case_search using gin (words) with (fastupdate = off);

-- Beside the log, sealed under the case's key.
create table notes (case_id bigint not null, no bigint not null, author text not null, box bytea not null, at timestamptz not null, primary key (case_id, no));
create table erasure_requests (case_id bigint not null, no bigint not null, seq bigint not null, actor text not null, at timestamptz not null, due text not null, primary key (case_id, no));
create table absences (id bigint generated always as identity primary key, name text not null, deputy text not null, from_at timestamptz not null, to_at timestamptz not null,
  ended_at timestamptz, created_at timestamptz not null);
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
alter table links drop column recipient, drop column actions, drop column given_by, drop column ended_by, drop column follows, drop column respondent;

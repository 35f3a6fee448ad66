-- +goose Up
-- What is published of a complaint (docs/publication.md): made of the case by
-- one function and derived again whenever the case moves, the register changes or
-- a day comes. form and digest are there while the entry may be read; what was
-- shown once leaves its ref as a tombstone. on_day, until_day and next_day are
-- legal days, '' for none; merchant is the entry that the linked one became.
create table publications (case_id bigint primary key, seq bigint not null, ref text collate "C" not null unique, state text not null, code text not null,
  merchant_id bigint not null, merchant text not null, domain bigint not null, category text not null, town text not null, month text not null,
  on_day text collate "C" not null, until_day text not null, next_day text collate "C" not null, narrative text not null, form bytea, digest bytea);
create index publications_shown on publications (on_day, ref) where form is not null;
create index publications_merchant on publications (merchant, on_day, ref) where form is not null;
create index publications_domain on publications (domain, on_day, ref) where form is not null;
create index publications_town on publications (town, on_day, ref) where form is not null;
create index publications_next on publications (next_day) where next_day <> '';
create index publications_code on publications (code, case_id) where code <> '';
create index publications_narrative on publications (narrative, case_id) where narrative <> '';
create index publications_state on publications (state, case_id);
create index publications_linked on publications (merchant_id);
-- Words of forms, and nothing else.
create table publication_search (case_id bigint primary key, words tsvector not null);
create index publication_search_words on publication_search using gin (words) with (fastupdate = off);
-- Cases whose entry is to be derived again; a seq below zero is no event's, but a
-- change of the register's.
create table publication_todo (case_id bigint not null, seq bigint not null, primary key (case_id, seq));
-- The rules that all entries were derived under.
create table publication_rules (digest text primary key);
insert into publication_todo (case_id, seq) select id, version from cases where kind = 'complaint' and state = 'CLOSED.closed';

-- +goose Down
drop table publication_rules;
drop table publication_todo;
drop table publication_search;
drop table publications;

-- +goose Up
-- The merchant register lies beside the log: no event needs it. What an entry
-- says stands in body; the columns repeat what is searched for.
create table merchants (id integer primary key, ref text not null unique, version integer not null, status text not null,
  code text not null, town text not null, merged_into integer, body text not null, created_at integer not null, updated_at integer not null);
create index merchants_code on merchants (code) where code <> '';
create index merchants_status on merchants (status, id) where status <> 'active';
create index merchants_merged on merchants (merged_into) where merged_into is not null;
create table merchant_successors (from_id integer not null, to_id integer not null, since text not null, primary key (from_id, to_id));
create index merchant_successors_to on merchant_successors (to_id);
-- What happened to an entry, by whom and why; never changed, never deleted.
create table merchant_history (merchant_id integer not null, no integer not null, at integer not null, actor text not null, what text not null,
  why text not null, body text not null, primary key (merchant_id, no));
-- +goose StatementBegin
create trigger merchant_history_kept_update before update on merchant_history begin select raise(abort, 'the history of the register is never changed'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger merchant_history_kept_delete before delete on merchant_history begin select raise(abort, 'the history of the register is never changed'); end;
-- +goose StatementEnd
-- How a merchant is reached. A sole trader's telephone is a person's: the value
-- is sealed under a key of the merchant's own, mac finds it again.
create table merchant_keys (merchant_id integer primary key, kek text not null, wrapped blob not null);
create table merchant_contacts (merchant_id integer not null, no integer not null, kind text not null, box blob, mac blob not null, source text not null,
  delivered_at integer, bounced_at integer, bounce text not null, created_at integer not null, ended_at integer, primary key (merchant_id, no));
create index merchant_contacts_mac on merchant_contacts (mac) where ended_at is null;
-- What an entry is found by: beginnings, and pieces of two or three characters.
create table merchant_search (merchant_id integer primary key, name text not null, legal text not null, initials text not null,
  pinyin text not null);
-- The pieces by merchant; the text itself is not kept a second time.
create virtual table merchant_pieces using fts5(pieces, content='', contentless_delete=1, detail=none, tokenize='unicode61 remove_diacritics 0');
create index merchant_search_name on merchant_search (name);
create index merchant_search_legal on merchant_search (legal) where legal <> '';
create index merchant_search_initials on merchant_search (initials);
create index merchant_search_pinyin on merchant_search (pinyin);
-- Which merchant a case's respondent is; the highest no is what holds now.
create table case_merchants (case_id integer not null, no integer not null, respondent integer not null, seq integer not null, merchant_id integer not null, how text not null,
  actor text not null, why text not null, at integer not null, primary key (case_id, no));
create index case_merchants_merchant on case_merchants (merchant_id);
-- +goose StatementBegin
create trigger case_merchants_kept_update before update on case_merchants begin select raise(abort, 'the history of the register is never changed'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger case_merchants_kept_delete before delete on case_merchants begin select raise(abort, 'the history of the register is never changed'); end;
-- +goose StatementEnd
-- Cases whose respondent has not been looked up; sealing a block puts them here.
create table merchant_todo (case_id integer not null, seq integer not null, primary key (case_id, seq));
create table merchant_done (case_id integer primary key, seq integer not null);
insert into merchant_todo (case_id, seq) select id, version from cases;
-- What a person must settle: an entry that a complaint opened, or a row of a
-- file, that may be one of several merchants. box holds such a row, sealed.
create table merchant_reviews (id integer primary key, ref text not null unique, state text not null, merchant_id integer, digest blob unique, kek text not null, wrapped blob,
  box blob, body text not null, source text not null, decision text not null, actor text not null, why text not null, created_at integer not null, decided_at integer);
create index merchant_reviews_open on merchant_reviews (id) where state = 'open';
create unique index merchant_reviews_merchant on merchant_reviews (merchant_id) where state = 'open';

-- +goose Down
drop table merchant_reviews;
drop table merchant_done;
drop table merchant_todo;
drop table case_merchants;
drop table merchant_pieces;
drop table merchant_search;
drop table merchant_contacts;
drop table merchant_keys;
drop table merchant_history;
drop table merchant_successors;
drop table merchants;

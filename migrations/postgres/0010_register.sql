-- +goose Up
-- The merchant register lies beside the log: no event needs it. What an entry
-- says stands in body; the columns repeat what is searched for.
create table merchants (id bigint primary key, ref text not null unique, version bigint not null, status text not null,
  code text collate "C" not null, town text not null, merged_into bigint, body text not null, created_at timestamptz not null, updated_at timestamptz not null);
create index merchants_code on merchants (code) where code <> '';
create index merchants_status on merchants (status, id) where status <> 'active';
create index merchants_merged on merchants (merged_into) where merged_into is not null;
create table merchant_successors (from_id bigint not null, to_id bigint not null, since text not null, primary key (from_id, to_id));
create index merchant_successors_to on merchant_successors (to_id);
-- What happened to an entry, by whom and why; never changed, never deleted.
create table merchant_history (merchant_id bigint not null, no bigint not null, at timestamptz not null, actor text not null, what text not null,
  why text not null, body text not null, primary key (merchant_id, no));
-- +goose StatementBegin
create function register_kept() returns trigger language plpgsql as $$ begin raise exception 'the history of the register is never changed'; end $$;
-- +goose StatementEnd
create trigger merchant_history_kept before update or delete on merchant_history for each row execute function register_kept();
-- How a merchant is reached. A sole trader's telephone is a person's: the value
-- is sealed under a key of the merchant's own, mac finds it again.
create table merchant_keys (merchant_id bigint primary key, kek text not null, wrapped bytea not null);
create table merchant_contacts (merchant_id bigint not null, no bigint not null, kind text not null, box bytea, mac bytea not null, source text not null,
  delivered_at timestamptz, bounced_at timestamptz, bounce text not null, created_at timestamptz not null, ended_at timestamptz, primary key (merchant_id, no));
create index merchant_contacts_mac on merchant_contacts (mac) where ended_at is null;
-- What an entry is found by: beginnings, and pieces of two or three characters.
create table merchant_search (merchant_id bigint primary key, name text collate "C" not null, legal text collate "C" not null, initials text collate "C" not null,
  pinyin text collate "C" not null, pieces tsvector not null);
create index merchant_search_name on merchant_search (name);
create index merchant_search_legal on merchant_search (legal) where legal <> '';
create index merchant_search_initials on merchant_search (initials);
create index merchant_search_pinyin on merchant_search (pinyin);
create index merchant_search_pieces on merchant_search using gin (pieces) with (fastupdate = off);
-- Which merchant a case's respondent is; the highest no is what holds now.
create table case_merchants (case_id bigint not null, no bigint not null, respondent bigint not null, seq bigint not null, merchant_id bigint not null, how text not null,
  actor text not null, why text not null, at timestamptz not null, primary key (case_id, no));
create index case_merchants_merchant on case_merchants (merchant_id);
create trigger case_merchants_kept before update or delete on case_merchants for each row execute function register_kept();
-- Cases whose respondent has not been looked up; sealing a block puts them here.
create table merchant_todo (case_id bigint not null, seq bigint not null, primary key (case_id, seq));
create table merchant_done (case_id bigint primary key, seq bigint not null);
insert into merchant_todo (case_id, seq) select id, version from cases;
-- What a person must settle: an entry that a complaint opened, or a row of a
-- file, that may be one of several merchants. box holds such a row, sealed.
create table merchant_reviews (id bigint primary key, ref text not null unique, state text not null, merchant_id bigint, digest bytea unique, kek text not null, wrapped bytea,
  box bytea, body text not null, source text not null, decision text not null, actor text not null, why text not null, created_at timestamptz not null, decided_at timestamptz);
create index merchant_reviews_open on merchant_reviews (id) where state = 'open';
create unique index merchant_reviews_merchant on merchant_reviews (merchant_id) where state = 'open';

-- +goose Down
drop table merchant_reviews;
drop table merchant_done;
drop table merchant_todo;
drop table case_merchants;
drop table merchant_search;
drop table merchant_contacts;
drop table merchant_keys;
drop table merchant_history;
drop function register_kept;
drop table merchant_successors;
drop table merchants;

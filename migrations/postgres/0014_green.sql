-- +goose Up
-- Letters are messages that belong to no case: a link to log in with, a code. The
-- outbox row that delivers one has case_id 0, no and topic of the letter. To whom
-- it goes and what it says are sealed, and erased when it is done; mac counts how
-- many an address is sent. cause is what it is owed for, once.
create table letters (id bigint generated always as identity primary key, cause text not null unique, topic text not null, template text not null, language text not null,
  mac bytea not null, kek text not null, wrapped bytea, box bytea, at timestamptz not null, until_at timestamptz not null);
create index letters_mac on letters (mac, at);
create index letters_until on letters (until_at) where box is not null;
create index letters_age on letters using brin (at);

-- Members of the green channel lie beside the register. What a membership says
-- stands in body; the columns repeat what is searched for. shop is the code on the
-- wall now; codes that were, are in shop_codes, so that none is given twice.
create table members (id bigint primary key, ref text not null unique, merchant_id bigint not null, version bigint not null, state text not null,
  from_day text not null, to_day text not null, body text not null, created_at timestamptz not null, updated_at timestamptz not null);
create index members_merchant on members (merchant_id);
create index members_state on members (state, id);
create table shop_codes (code text primary key, member_id bigint not null, created_at timestamptz not null, ended_at timestamptz);
create index shop_codes_member on shop_codes (member_id);
-- What happened to a membership, by whom and why, and what it was after it; never
-- changed, never deleted.
create table member_history (member_id bigint not null, no bigint not null, at timestamptz not null, actor text not null, what text not null,
  why text not null, state text not null, body text not null, primary key (member_id, no));
create trigger member_history_kept before update or delete on member_history for each row execute function register_kept();
-- Papers (name and note sealed under the merchant's key, digest of the file) and
-- people, whose box is erased when they leave; macs find them by telephone or mail.
create table member_papers (member_id bigint not null, no bigint not null, kind text not null, digest bytea, box bytea not null, actor text not null,
  created_at timestamptz not null, primary key (member_id, no));
create table member_people (id bigint generated always as identity primary key, ref text not null unique, member_id bigint not null, role text not null, box bytea,
  phone_mac bytea, email_mac bytea, created_at timestamptz not null, reached_at timestamptz, ended_at timestamptz);
create index member_people_member on member_people (member_id);
create index member_people_phone on member_people (phone_mac) where ended_at is null;
create index member_people_email on member_people (email_mac) where ended_at is null;
-- A link to log in with, once, and what it opens: hashes only.
create table member_links (hash bytea primary key, mac bytea not null, created_at timestamptz not null, expires_at timestamptz not null, used_at timestamptz);
create table member_sessions (hash bytea primary key, person_id bigint not null, created_at timestamptz not null, expires_at timestamptz not null, ended_at timestamptz, ended_by text not null);
create index member_sessions_person on member_sessions (person_id) where ended_at is null;
-- What a person should decide about a member, with the figures that say so.
create table member_leads (id bigint generated always as identity primary key, ref text not null unique, member_id bigint not null, kind text not null, digest text not null, state text not null,
  body text not null, decision text not null, actor text not null, why text not null, created_at timestamptz not null, decided_at timestamptz, unique (member_id, kind, digest));
create index member_leads_open on member_leads (id) where state = 'open';
create unique index member_leads_one on member_leads (member_id, kind) where state = 'open';

-- +goose Down
drop table member_leads;
drop table member_sessions;
drop table member_links;
drop table member_people;
drop table member_papers;
drop table member_history;
drop table shop_codes;
drop table members;
drop table letters;

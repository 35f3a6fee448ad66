-- +goose Up
-- Letters are messages that belong to no case: a link to log in with, a code. The
-- outbox row that delivers one has case_id 0, no and topic of the letter. To whom
-- it goes and what it says are sealed, and erased when it is done; mac counts how
-- many an address is sent. cause is what it is owed for, once.
create table letters (id integer primary key autoincrement, cause text not null unique, topic text not null, template text not null, language text not null,
  mac blob not null, kek text not null, wrapped blob, box blob, at integer not null, until_at integer not null);
create index letters_mac on letters (mac, at);
create index letters_until on letters (until_at) where box is not null;

-- Members of the green channel lie beside the register. What a membership says
-- stands in body; the columns repeat what is searched for. shop is the code on the
-- wall now; codes that were, are in shop_codes, so that none is given twice.
create table members (id integer primary key, ref text not null unique, merchant_id integer not null, version integer not null, state text not null,
  from_day text not null, to_day text not null, body text not null, created_at integer not null, updated_at integer not null);
create index members_merchant on members (merchant_id);
create index members_state on members (state, id);
create table shop_codes (code text primary key, member_id integer not null, created_at integer not null, ended_at integer);
create index shop_codes_member on shop_codes (member_id);
-- What happened to a membership, by whom and why, and what it was after it; never
-- changed, never deleted.
create table member_history (member_id integer not null, no integer not null, at integer not null, actor text not null, what text not null,
  why text not null, state text not null, body text not null, primary key (member_id, no));
-- +goose StatementBegin
create trigger member_history_kept_update before update on member_history begin select raise(abort, 'the history of the register is never changed'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger member_history_kept_delete before delete on member_history begin select raise(abort, 'the history of the register is never changed'); end;
-- +goose StatementEnd
-- Papers (name and note sealed under the merchant's key, digest of the file) and
-- people, whose box is erased when they leave; macs find them by telephone or mail.
create table member_papers (member_id integer not null, no integer not null, kind text not null, digest blob, box blob not null, actor text not null,
  created_at integer not null, primary key (member_id, no));
create table member_people (id integer primary key autoincrement, ref text not null unique, member_id integer not null, role text not null, box blob,
  phone_mac blob, email_mac blob, created_at integer not null, reached_at integer, ended_at integer);
create index member_people_member on member_people (member_id);
create index member_people_phone on member_people (phone_mac) where ended_at is null;
create index member_people_email on member_people (email_mac) where ended_at is null;
-- A link to log in with, once, and what it opens: hashes only.
create table member_links (hash blob primary key, mac blob not null, created_at integer not null, expires_at integer not null, used_at integer);
create table member_sessions (hash blob primary key, person_id integer not null, created_at integer not null, expires_at integer not null, ended_at integer, ended_by text not null);
create index member_sessions_person on member_sessions (person_id) where ended_at is null;
-- What a person should decide about a member, with the figures that say so.
create table member_leads (id integer primary key autoincrement, ref text not null unique, member_id integer not null, kind text not null, digest text not null, state text not null,
  body text not null, decision text not null, actor text not null, why text not null, created_at integer not null, decided_at integer, unique (member_id, kind, digest));
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

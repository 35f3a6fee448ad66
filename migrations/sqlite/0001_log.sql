-- +goose Up
-- The log and what is derived from it. No foreign keys on these tables: the
-- door is their only writer, and verify checks every reference.
create table cases (id integer primary key, number text not null unique, kind text not null, version integer not null,
  head blob not null, state text not null, outcome text not null, unit text not null, town text not null,
  domain integer not null, filed_at integer not null, body text not null);
create index cases_state on cases (state, id);
create table events (case_id integer not null, seq integer not null, prev_hash blob not null, hash blob not null,
  payload text not null, primary key (case_id, seq));
create table clocks (case_id integer not null, no integer not null, code text not null, state text not null, seq integer not null,
  rule text not null, n integer not null, unit text not null, roll text not null, starts text not null, due text not null,
  late_from integer, calendar text not null, provisional integer not null, notice integer not null, ended integer not null,
  more text not null, remind_at integer, primary key (case_id, no));
create index clocks_due on clocks (late_from, case_id) where state = 'running';
create index clocks_remind on clocks (remind_at, case_id) where state = 'running' and remind_at is not null;
create table outbox (case_id integer not null, no integer not null, topic text not null, seq integer not null,
  recipient text not null, template text not null, state text not null, at integer not null, primary key (case_id, no, topic));
create index outbox_owed on outbox (at) where state = 'owed';
create table contributions (case_id integer not null, seq integer not null, indicator text not null, day text not null,
  value integer not null, domain integer not null, town text not null, unit text not null);
create table idempotency (key text primary key, print blob not null, answer text not null, at integer not null);
create table moved (case_id integer not null, seq integer not null, hash blob not null, primary key (case_id, seq));
create table blocks (height integer primary key, prev_hash blob not null, hash blob not null, payload text not null, sealed_at integer not null);
create table sealed_heads (case_id integer primary key, seq integer not null, height integer not null);
-- People lie beside the log, sealed: destroying case_keys erases them.
create table sealed (case_id integer not null, seq integer not null, box blob not null, primary key (case_id, seq));
create table case_keys (case_id integer primary key, kek text not null, wrapped blob not null);
create table blind (case_id integer not null, kind text not null, mac blob not null, primary key (case_id, kind));
create index blind_mac on blind (kind, mac);
-- Numbers are reserved in blocks: every one is a case or recorded as never issued.
create table number_blocks (id integer primary key, prefix text not null, year integer not null, first integer not null, last integer not null,
  node text not null, reserved_at integer not null, closed_at integer);
create table number_gaps (prefix text not null, year integer not null, first integer not null, last integer not null, reason text not null, at integer not null);
create table links (hash blob primary key, case_id integer not null, role text not null, actor text not null, expires_at integer not null,
  revoked_at integer, created_at integer not null);
create index links_case on links (case_id);
create table users (id integer primary key, name text not null unique, roles text not null, unit text not null, town text not null,
  token_hash blob not null unique, created_at integer not null, disabled_at integer);
create table calendar_notices (id integer primary key, year integer not null, published text not null, file text not null, imported_at integer not null);
create table heartbeats (node text primary key, at integer not null);
create table outages (from_at integer primary key, to_at integer not null);

-- +goose Down
drop table outages;
drop table heartbeats;
drop table calendar_notices;
drop table users;
drop table links;
drop table number_gaps;
drop table number_blocks;
drop table blind;
drop table case_keys;
drop table sealed;
drop table sealed_heads;
drop table blocks;
drop table moved;
drop table idempotency;
drop table contributions;
drop table outbox;
drop table clocks;
drop table events;
drop table cases;

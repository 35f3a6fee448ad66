-- +goose Up
-- The log and what is derived from it. No foreign keys on these tables: the
-- door is their only writer, and verify checks every reference.
create table cases (id bigint primary key, number text not null unique, kind text not null, version bigint not null,
  head bytea not null, state text not null, outcome text not null, unit text not null, town text not null,
  domain bigint not null, filed_at timestamptz not null, body text not null) with (fillfactor = 90);
create index cases_state on cases (state, id);
create table events (case_id bigint not null, seq bigint not null, prev_hash bytea not null, hash bytea not null,
  payload text not null, primary key (case_id, seq));
create table clocks (case_id bigint not null, no bigint not null, code text not null, state text not null, seq bigint not null,
  rule text not null, n bigint not null, unit text not null, roll text not null, starts text not null, due text not null,
  late_from timestamptz, calendar text not null, provisional boolean not null, notice bigint not null, ended bigint not null,
  more text not null, remind_at timestamptz, primary key (case_id, no)) with (fillfactor = 90);
create index clocks_due on clocks (late_from, case_id) where state = 'running';
create index clocks_remind on clocks (remind_at, case_id) where state = 'running' and remind_at is not null;
create table outbox (case_id bigint not null, no bigint not null, topic text not null, seq bigint not null,
  recipient text not null, template text not null, state text not null, at timestamptz not null, primary key (case_id, no, topic));
create index outbox_owed on outbox (at) where state = 'owed';
create table contributions (case_id bigint not null, seq bigint not null, indicator text not null, day text not null,
  value bigint not null, domain bigint not null, town text not null, unit text not null);
create table idempotency (key text primary key, print bytea not null, answer text not null, at timestamptz not null);
create table moved (case_id bigint not null, seq bigint not null, hash bytea not null, primary key (case_id, seq));
create table blocks (height bigint primary key, prev_hash bytea not null, hash bytea not null, payload text not null, sealed_at timestamptz not null);
create table sealed_heads (case_id bigint primary key, seq bigint not null, height bigint not null);
-- People lie beside the log, sealed: destroying case_keys erases them.
create table sealed (case_id bigint not null, seq bigint not null, box bytea not null, primary key (case_id, seq));
create table case_keys (case_id bigint primary key, kek text not null, wrapped bytea not null);
create table blind (case_id bigint not null, kind text not null, mac bytea not null, primary key (case_id, kind));
create index blind_mac on blind (kind, mac);
-- Numbers are reserved in blocks: every one is a case or recorded as never issued.
create table number_blocks (id bigint generated always as identity primary key, prefix text not null, year bigint not null, first bigint not null, last bigint not null,
  node text not null, reserved_at timestamptz not null, closed_at timestamptz);
create table number_gaps (prefix text not null, year bigint not null, first bigint not null, last bigint not null, reason text not null, at timestamptz not null);
create table links (hash bytea primary key, case_id bigint not null, role text not null, actor text not null, expires_at timestamptz not null,
  revoked_at timestamptz, created_at timestamptz not null);
create index links_case on links (case_id);
create table users (id bigint generated always as identity primary key, name text not null unique, roles text not null, unit text not null, town text not null,
  token_hash bytea not null unique, created_at timestamptz not null, disabled_at timestamptz);
create table calendar_notices (id bigint generated always as identity primary key, year bigint not null, published text not null, file text not null, imported_at timestamptz not null);
create table heartbeats (node text primary key, at timestamptz not null);
create table outages (from_at timestamptz primary key, to_at timestamptz not null);

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

-- +goose Up
-- Penalty cases against merchants that grew out of a lead (消费侵权公示), from 立案
-- to the result: a list of its own, never mixed with complaints. body is the whole
-- record as JSON; days are legal days, '' for none. shown says that the result is
-- of a kind that is published, until until_day.
create table infringements (id bigint primary key, ref text collate "C" not null unique, version bigint not null, lead text not null, merchant_id bigint not null,
  domain bigint not null, town text not null, state text not null, decided_on text collate "C" not null, until_day text not null, shown boolean not null, body text not null);
create unique index infringements_lead on infringements (lead, merchant_id);
create index infringements_shown on infringements (decided_on, ref) where shown;
create table infringement_history (infringement_id bigint not null, no bigint not null, at timestamptz not null, actor text not null, what text not null, why text not null,
  primary key (infringement_id, no));
create trigger infringement_history_kept before update or delete on infringement_history for each row execute function register_kept();
-- Files of published complaints are cut by month, and so is their search.
create index publications_month on publications (month, on_day, ref) where form is not null;

-- +goose Down
drop index publications_month;
drop table infringement_history;
drop table infringements;

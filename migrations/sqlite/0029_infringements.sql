-- +goose Up
-- Penalty cases against merchants that grew out of a lead (消费侵权公示), from 立案
-- to the result: a list of its own, never mixed with complaints. body is the whole
-- record as JSON; days are legal days, '' for none. shown says that the result is
-- of a kind that is published, until until_day.
create table infringements (id integer primary key, ref text not null unique, version integer not null, lead text not null, merchant_id integer not null,
  domain integer not null, town text not null, state text not null, decided_on text not null, until_day text not null, shown integer not null, body text not null);
create unique index infringements_lead on infringements (lead, merchant_id);
create index infringements_shown on infringements (decided_on, ref) where shown;
create table infringement_history (infringement_id integer not null, no integer not null, at integer not null, actor text not null, what text not null, why text not null,
  primary key (infringement_id, no));
-- +goose StatementBegin
create trigger infringement_history_kept_update before update on infringement_history begin select raise(abort, 'the history of penalty cases is never changed'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger infringement_history_kept_delete before delete on infringement_history begin select raise(abort, 'the history of penalty cases is never changed'); end;
-- +goose StatementEnd
-- Files of published complaints are cut by month, and so is their search.
create index publications_month on publications (month, on_day, ref) where form is not null;

-- +goose Down
drop index publications_month;
drop table infringement_history;
drop table infringements;

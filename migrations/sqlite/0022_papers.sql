-- +goose Up
-- Official papers that were made of a case: under which number of which series,
-- for which event, and a salted commitment to the bytes, so that the row says
-- nothing of a person and may outlive him: no number of a series is ever missing.
-- What a paper says is in paper_boxes, sealed under the case's key, and dies with it.
create table papers (case_id integer not null, no integer not null, form text not null, receiver text not null, respondent integer not null default 0, year integer not null, serial integer not null, number text not null,
  seq integer not null, version integer not null, commitment text not null, size integer not null, bound integer not null default 0, author text not null, at integer not null,
  primary key (case_id, no), unique (form, year, serial));
create table paper_boxes (case_id integer not null, no integer not null, box blob not null, primary key (case_id, no));

-- +goose Down
drop table paper_boxes;
drop table papers;

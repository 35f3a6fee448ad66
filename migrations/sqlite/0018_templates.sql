-- +goose Up
-- What messages say, in the bureau's own words: each version stays, because
-- attempts cite it. Version 0 is the binary's and stands in none of these rows.
create table templates (name text not null, language text not null, version integer not null check (version > 0), subject text not null, text text not null, more text not null,
  actor text not null, why text not null, at integer not null, primary key (name, language, version));
-- +goose StatementBegin
create trigger templates_kept_update before update on templates begin select raise(abort, 'a version of a template is never changed'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger templates_kept_delete before delete on templates begin select raise(abort, 'a version of a template is never changed'); end;
-- +goose StatementEnd

-- +goose Down
drop table templates;

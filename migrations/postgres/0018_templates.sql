-- +goose Up
-- What messages say, in the bureau's own words: each version stays, because
-- attempts cite it. Version 0 is the binary's and stands in none of these rows.
create table templates (name text not null, language text not null, version bigint not null check (version > 0), subject text not null, text text not null, more text not null,
  actor text not null, why text not null, at timestamptz not null, primary key (name, language, version));
-- +goose StatementBegin
create function templates_kept() returns trigger language plpgsql as $$ begin raise exception 'a version of a template is never changed'; end $$;
-- +goose StatementEnd
create trigger templates_kept before update or delete on templates for each row execute function templates_kept();

-- +goose Down
drop table templates;
drop function templates_kept;

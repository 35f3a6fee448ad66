-- +goose Up
-- A release is sealed by a block: it is never changed, and none is taken out.
-- +goose StatementBegin
create function releases_kept() returns trigger language plpgsql as $$ begin raise exception 'what was published is never changed'; end $$;
-- +goose StatementEnd
create trigger releases_kept before update or delete on releases for each row execute function releases_kept();

-- +goose Down
drop trigger releases_kept on releases;
drop function releases_kept;

-- +goose Up
-- A release is sealed by a block: it is never changed, and none is taken out.
-- +goose StatementBegin
create trigger releases_kept_update before update on releases begin select raise(abort, 'what was published is never changed'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger releases_kept_delete before delete on releases begin select raise(abort, 'what was published is never changed'); end;
-- +goose StatementEnd

-- +goose Down
drop trigger releases_kept_update;
drop trigger releases_kept_delete;

-- +goose Up
-- The assessment of a year: body is its text, digest the SHA-256 of it. No row is
-- ever changed.
create table assessments (year text primary key, taken_at integer not null, body text not null, digest text not null);
-- +goose StatementBegin
create trigger assessments_kept_update before update on assessments begin select raise(abort, 'an assessment is never changed'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger assessments_kept_delete before delete on assessments begin select raise(abort, 'an assessment is never changed'); end;
-- +goose StatementEnd

-- +goose Down
drop table assessments;

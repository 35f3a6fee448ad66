-- +goose Up
-- Files of an application for membership: as which paper one waits, and whose it is
-- once the application is there. Its key is wrapped with the merchant's then. A
-- paper that has a file names it; the digest in the history is the file's.
alter table files add column paper text not null default '';
alter table files add column member_id integer;
create index files_member on files (member_id) where member_id is not null;
alter table member_papers add column file_id text;

-- +goose Down
alter table member_papers drop column file_id;
drop index files_member;
delete from files where member_id is not null;
alter table files drop column member_id;
alter table files drop column paper;

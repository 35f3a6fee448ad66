-- +goose Up
-- Letters are messages that belong to no case: a link to log in with, a code. The
-- outbox row that delivers one has case_id 0, no and topic of the letter. To whom
-- it goes and what it says are sealed, and erased when it is done; mac counts how
-- many an address is sent. cause is what it is owed for, once.
create table letters (id integer primary key autoincrement, cause text not null unique, topic text not null, template text not null, language text not null,
  mac blob not null, kek text not null, wrapped blob, box blob, at integer not null, until_at integer not null);
create index letters_mac on letters (mac, at);
create index letters_until on letters (until_at) where box is not null;

-- +goose Down
drop table letters;

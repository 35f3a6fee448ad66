-- +goose Up
-- A pending deadline stays small: counters of one case need four bytes, and room
-- kept free in the pages of clocks is never used, because an index names state.
alter table clocks reset (fillfactor), alter column no type integer, alter column seq type integer, alter column n type integer,
  alter column notice type integer, alter column ended type integer;

-- +goose Down
alter table clocks set (fillfactor = 90), alter column no type bigint, alter column seq type bigint, alter column n type bigint,
  alter column notice type bigint, alter column ended type bigint;

-- +goose Up
-- What the sealed events count for, added up: as of the last block, exactly.
create table rollups (indicator text not null, day text not null, domain bigint not null, town text not null, unit text not null,
  value bigint not null, primary key (indicator, day, domain, town, unit));
-- A block finds the counts of the cases that it seals, verify those of a lot.
create index contributions_case on contributions (case_id, seq);
insert into rollups (indicator, day, domain, town, unit, value)
  select c.indicator, c.day, c.domain, c.town, c.unit, cast(sum(c.value) as bigint) from contributions c join sealed_heads h on h.case_id = c.case_id and c.seq <= h.seq
  group by 1, 2, 3, 4, 5;

-- +goose Down
drop index contributions_case;
drop table rollups;

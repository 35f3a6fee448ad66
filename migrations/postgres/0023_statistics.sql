-- +goose Up
-- Counts have more slices, and a measure that histograms are made of: days, fen
-- or a due day.
alter table contributions add column category text not null default '';
alter table contributions add column channel text not null default '';
alter table contributions add column mediator text not null default '';
alter table contributions add column measure bigint not null default 0;
-- The rollups hold each slice by itself, '' the whole: no question asks for two,
-- and their number does not grow with the product of all slices.
drop table rollups;
create table rollups (slice text not null, indicator text not null, day text not null, key text not null, measure bigint not null, value bigint not null,
  primary key (slice, indicator, day, key, measure));
insert into rollups (slice, indicator, day, key, measure, value)
  select k.slice, c.indicator, c.day, case k.slice when 'domain' then cast(c.domain as text) when 'town' then c.town when 'unit' then c.unit else '' end, 0, cast(sum(c.value) as bigint)
  from contributions c join sealed_heads h on h.case_id = c.case_id and c.seq <= h.seq
    cross join (select '' as slice union all select 'domain' union all select 'category' union all select 'town' union all select 'unit' union all select 'channel' union all select 'mediator') k
  group by 1, 2, 3, 4;

-- +goose Down
drop table rollups;
create table rollups (indicator text not null, day text not null, domain bigint not null, town text not null, unit text not null,
  value bigint not null, primary key (indicator, day, domain, town, unit));
insert into rollups (indicator, day, domain, town, unit, value)
  select c.indicator, c.day, c.domain, c.town, c.unit, cast(sum(c.value) as bigint) from contributions c join sealed_heads h on h.case_id = c.case_id and c.seq <= h.seq
  group by 1, 2, 3, 4, 5;
alter table contributions drop column measure;
alter table contributions drop column mediator;
alter table contributions drop column channel;
alter table contributions drop column category;

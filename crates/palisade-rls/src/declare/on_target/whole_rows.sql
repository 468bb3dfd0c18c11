-- Policies of the files that use a whole row of their own table where that may mean another thing than one of the stand-in: it is cast to
-- its own type by name, or a function, operator or cast is made for that type beside others of the same name.
select p.polname::text as policy, pg_catalog.format('%s', s.own::pg_catalog.regclass) as on_table
from pg_temp.palisade_stand_in s
join pg_catalog.pg_class own on own.oid = s.own
join pg_catalog.pg_class stand on stand.oid = s.stand
join pg_catalog.pg_policy p on p.polrelid = s.stand and p.xmin = pg_catalog.pg_current_xact_id()::xid
cross join lateral (select coalesce(p.polqual::text, '') || coalesce(p.polwithcheck::text, '') as text) tree
where tree.text ~ (':varattno 0 :vartype ' || stand.reltype || ' ')
and (
  exists (
    select from pg_catalog.pg_cast c
    where c.castsource = stand.reltype and c.casttarget = own.reltype
    and tree.text ~ (':funcid ' || c.castfunc || ' :funcresulttype \d+ :funcretset \w+ :funcvariadic \w+ :funcformat [013] ')
  )
  or exists (
    select from pg_catalog.pg_cast c
    where c.castsource = own.reltype or (c.casttarget = own.reltype and c.castsource <> stand.reltype)
  )
  or exists (select from pg_catalog.pg_operator o where own.reltype in (o.oprleft, o.oprright))
  or exists (
    select from pg_catalog.pg_proc f
    join pg_catalog.pg_proc other on other.proname = f.proname and other.oid <> f.oid
    where own.reltype = any (f.proargtypes)
  )
)
order by 2, 1;

select o.oid::int8, o.oprname as name, o.oprcode::oid::int8 as function, o.oprnegate::int8 as negator,
    o.oprcom::int8 as commutator,
    exists (
        select from pg_catalog.pg_amop a join pg_catalog.pg_am m on m.oid = a.amopmethod
        where a.amopopr = o.oid and (m.amname = 'btree' and a.amopstrategy = 3 or m.amname = 'hash' and a.amopstrategy = 1)
    ) as equality,
    exists (
        select from pg_catalog.pg_amop a join pg_catalog.pg_am m on m.oid = a.amopmethod
        where a.amopopr = o.oid and m.amname = 'btree' and a.amopstrategy in (1, 2, 4, 5)
    ) as ordering
from pg_catalog.pg_operator o

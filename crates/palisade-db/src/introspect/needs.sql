-- Which object needs which: `class:object:part class:object:part strength`, one behind the other. System objects are pinned,
-- nothing is written about them.
select string_agg(concat(d.classid::oid, ':', d.objid, ':', d.objsubid, ' ', d.refclassid::oid, ':', d.refobjid, ':', d.refobjsubid, ' ', d.deptype), E'\n')
  from pg_depend d
 where d.objid >= 16384 and d.refclassid <> 2615 and d.deptype in ('n', 'a', 'i', 'P', 'S')
   and not (d.classid = 1259 and d.deptype = 'i' and d.objsubid = 0 and d.refobjsubid = 0 and d.refclassid = 1259)
   and not (d.classid = 1247 and d.deptype = 'i')

-- Without a slot, dropping one asks nothing of the publisher.
select format('alter subscription %1$I disable; alter subscription %1$I set (slot_name = none); drop subscription %1$I', s.subname)
  from pg_catalog.pg_subscription s join pg_catalog.pg_database d on d.oid = s.subdbid
 where d.datname = current_database()

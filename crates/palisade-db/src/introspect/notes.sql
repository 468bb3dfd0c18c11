-- What is said about objects: kind of note, class, object, part, provider, text.
select 'comment', d.classoid, d.objoid, d.objsubid, '', d.description from pg_description d
 where d.objoid >= 16384 or d.classoid in (2615, 3079)
union all
select 'comment', d.classoid, d.objoid, 0, '', d.description from pg_shdescription d where d.classoid = 1260
union all
select 'label', l.classoid, l.objoid, l.objsubid, l.provider, l.label from pg_seclabel l

do $palisade$
begin
  if pg_catalog.to_regclass('palisade.protection') is null then
    -- Asked for only where it is missing: creating a schema needs a right on the database even if it exists.
    if pg_catalog.to_regnamespace('palisade') is null then create schema palisade; end if;
    create table palisade.protection (
      environment pg_catalog.text not null,
      system_identifier pg_catalog.text,
      database_oid pg_catalog.oid not null,
      noted_at pg_catalog.timestamptz not null default pg_catalog.clock_timestamp(),
      noted_by pg_catalog.text not null,
      lifted_at pg_catalog.timestamptz,
      lifted_by pg_catalog.text
    );
    comment on table palisade.protection is
      'Protected environments of Palisade whose database this is, if cluster and object id are this one''s';
  end if;
end $palisade$;

select e.oid::int8, e.enumlabel as label
from pg_catalog.pg_enum e

-- Lets the table hold what `create.sql` lets a new one hold.
alter table $attempts
    drop constraint if exists attempts_kind_check,
    add constraint attempts_kind_check check (kind in ('apply', 'revert', 'row-security', 'repair', 'restore'));

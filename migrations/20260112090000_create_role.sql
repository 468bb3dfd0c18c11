-- What a user may do beyond their own rows. Policies ask for it through `private.has_role`.
create type public.role as enum ('USER', 'MODERATOR', 'ADMIN');

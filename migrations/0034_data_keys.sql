-- Which data key wrapped what: keys of personal details and secrets for one-time codes are wrapped anew when the data key is replaced, so that
-- the former one can be destroyed, and with it what copies of the database from before then show.

alter table steward.personal_key
  -- Which data key it is wrapped with, by its name; none where that was not written down yet.
  add column data_key text check (data_key ~ '^[0-9a-f]{16}$'),
  -- And with which it was before: what was wrapped anew in the place of a key is not wrapped with that one again.
  add column data_key_before text check (data_key_before ~ '^[0-9a-f]{16}$');
grant update (data_key, data_key_before) on steward.personal_key to steward_worker;
create index personal_key_by_data_key on steward.personal_key (tenant_id, data_key) where wrapped is not null;

alter table steward.totp
  add column data_key text check (data_key ~ '^[0-9a-f]{16}$'),
  add column data_key_before text check (data_key_before ~ '^[0-9a-f]{16}$');
grant update (sealed, data_key, data_key_before) on steward.totp to steward_worker;

-- Whether something was wrapped with another data key in the place of the one it is wrapped with, and not back with the one before that.
create function steward.is_wrapped_anew(old_key text, old_before text, new_key text, new_before text) returns boolean language sql immutable set search_path = '' as
  $$ select new_key is not null and new_key is distinct from old_key and new_key is distinct from old_before
        and new_key is distinct from new_before and (old_key is null or new_before is not distinct from old_key) $$;

-- A key of personal details is erased, by whoever may, or wrapped anew, by the worker: nothing else, and what is erased stays so.
drop trigger only_erased on steward.personal_key;
drop function steward.personal_key_is_only_erased();
create function steward.personal_key_moves() returns trigger language plpgsql set search_path = '' as $$
begin
  if old.erased_at is not null
     or (old.tenant_id, old.subject, old.made_at) is distinct from (new.tenant_id, new.subject, new.made_at) then
    raise exception 'a key is only ever erased or wrapped anew' using errcode = 'STW01';
  end if;
  if new.erased_at is not null then
    if (old.data_key, old.data_key_before) is distinct from (new.data_key, new.data_key_before) then
      raise exception 'a key is only ever erased or wrapped anew' using errcode = 'STW01';
    end if;
  elsif current_user <> 'steward_worker' or new.wrapped is not distinct from old.wrapped
     or not steward.is_wrapped_anew(old.data_key, old.data_key_before, new.data_key, new.data_key_before) then
    raise exception 'a key is only ever erased or wrapped anew' using errcode = 'STW01';
  end if;
  return new;
end $$;
create trigger personal_key_moves before update on steward.personal_key for each row execute function steward.personal_key_moves();

-- A secret that counts stays as it is until it is removed, and no step of time comes again, whoever writes. The worker seals the same secret
-- anew, counting or not, and changes nothing else.
create or replace function steward.totp_moves() returns trigger language plpgsql set search_path = '' as $$
begin
  if current_user = 'steward_worker' then
    if (to_jsonb(old) - array['sealed', 'data_key', 'data_key_before']) is distinct from (to_jsonb(new) - array['sealed', 'data_key', 'data_key_before'])
       or new.sealed is not distinct from old.sealed
       or not steward.is_wrapped_anew(old.data_key, old.data_key_before, new.data_key, new.data_key_before) then
      raise exception 'a worker only ever seals a second factor anew' using errcode = 'STW03';
    end if;
    return new;
  end if;
  if old.confirmed_at is not null then
    if (old.tenant_id, old.person_id, old.sealed, old.made_at, old.confirmed_at, old.data_key, old.data_key_before) is distinct from
       (new.tenant_id, new.person_id, new.sealed, new.made_at, new.confirmed_at, new.data_key, new.data_key_before) then
      raise exception 'a second factor that counts cannot change; remove it first' using errcode = 'STW03';
    end if;
    if new.last_step <= old.last_step then
      raise exception 'this code was used' using errcode = 'STW04';
    end if;
  end if;
  return new;
end $$;

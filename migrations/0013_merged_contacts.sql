-- Two records of one person become one. The record merged away stays as it was and says which one stands for it now.

alter table steward.contact
  add column merged_into uuid,
  add foreign key (tenant_id, merged_into) references steward.contact,
  add constraint contact_not_into_itself check (merged_into <> contact_id);
create index contact_merged on steward.contact (tenant_id, merged_into) where merged_into is not null;

-- What was merged away is never changed again, whoever writes; only the record that stands for it may be merged on.
create function steward.merged_contact_stays() returns trigger language plpgsql set search_path = '' as $$
declare is_now steward.contact := new;
begin
  if old.merged_into is not null then
    is_now.merged_into := old.merged_into;
    if new.merged_into is null or is_now is distinct from old then
      raise exception 'a record that was merged into another stays as it was' using errcode = 'STW16';
    end if;
  end if;
  return new;
end $$;
create trigger merged_stays before update on steward.contact for each row execute function steward.merged_contact_stays();

create function steward.merged_points_stay() returns trigger language plpgsql set search_path = '' as $$
begin
  if exists (select from steward.contact where tenant_id = old.tenant_id and contact_id = old.contact_id and merged_into is not null) then
    raise exception 'a record that was merged into another stays as it was' using errcode = 'STW16';
  end if;
  return coalesce(new, old);
end $$;
create trigger merged_stays before update or delete on steward.contact_point for each row execute function steward.merged_points_stay();

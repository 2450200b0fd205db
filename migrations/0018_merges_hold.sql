-- What says that a record was merged into another holds, whoever writes: that one is of the same workspace and stands for itself, what was
-- merged into it goes along when it is merged on, and nothing is added to what was merged away.

create function steward.merged_into_stands() returns trigger language plpgsql set search_path = '' as $$
begin
  if not exists (select from steward.contact kept
                  where kept.tenant_id = new.tenant_id and kept.contact_id = new.merged_into and kept.workspace_id = new.workspace_id and kept.merged_into is null) then
    raise exception 'a record is merged into one of the same workspace that stands for itself' using errcode = 'STW16';
  end if;
  return new;
end $$;
create trigger merged_into_stands before insert on steward.contact
  for each row when (new.merged_into is not null) execute function steward.merged_into_stands();
create trigger merged_into_still_stands before update of merged_into on steward.contact
  for each row when (new.merged_into is distinct from old.merged_into and new.merged_into is not null) execute function steward.merged_into_stands();

-- Looked at when the transaction ends: first the one record goes, then those that it stood for.
create function steward.merged_go_along() returns trigger language plpgsql set search_path = '' as $$
begin
  if exists (select from steward.contact c where c.tenant_id = new.tenant_id and c.merged_into = new.contact_id) then
    raise exception 'what was merged into a record goes along when that is merged on' using errcode = 'STW16';
  end if;
  return null;
end $$;
create constraint trigger merged_go_along after update of merged_into on steward.contact deferrable initially deferred
  for each row when (new.merged_into is not null and old.merged_into is null) execute function steward.merged_go_along();

-- Once a statement, not once a row: an import writes a hundred thousand of them.
create function steward.no_points_of_merged() returns trigger language plpgsql set search_path = '' as $$
begin
  if exists (select from fresh join steward.contact c on c.tenant_id = fresh.tenant_id and c.contact_id = fresh.contact_id where c.merged_into is not null) then
    raise exception 'a record that was merged into another stays as it was' using errcode = 'STW16';
  end if;
  return null;
end $$;
create trigger no_points_of_merged after insert on steward.contact_point
  referencing new table as fresh for each statement execute function steward.no_points_of_merged();
create trigger no_points_moved_to_merged after update on steward.contact_point
  referencing new table as fresh for each statement execute function steward.no_points_of_merged();

-- Two entries of one company become one. The entry merged away stays as it was and says which one stands for it now.

alter table steward.company
  add column merged_into uuid,
  add foreign key (tenant_id, merged_into) references steward.company,
  add constraint company_not_into_itself check (merged_into <> company_id);
create index company_merged on steward.company (tenant_id, merged_into) where merged_into is not null;

-- What was merged away is never changed again, whoever writes; only the entry that stands for it may be merged on.
create function steward.merged_company_stays() returns trigger language plpgsql set search_path = '' as $$
declare is_now steward.company := new;
begin
  if old.merged_into is not null then
    is_now.merged_into := old.merged_into;
    if new.merged_into is null or is_now is distinct from old then
      raise exception 'a company that was merged into another stays as it was' using errcode = 'STW16';
    end if;
  end if;
  return new;
end $$;
create trigger merged_stays before update on steward.company for each row execute function steward.merged_company_stays();

-- It leads to one of its workspace that stands for itself.
create function steward.company_merged_into_stands() returns trigger language plpgsql set search_path = '' as $$
begin
  if not exists (select from steward.company kept
                  where kept.tenant_id = new.tenant_id and kept.company_id = new.merged_into and kept.workspace_id = new.workspace_id and kept.merged_into is null) then
    raise exception 'a company is merged into one of the same workspace that stands for itself' using errcode = 'STW16';
  end if;
  return new;
end $$;
create trigger merged_into_stands before insert on steward.company
  for each row when (new.merged_into is not null) execute function steward.company_merged_into_stands();
create trigger merged_into_still_stands before update of merged_into on steward.company
  for each row when (new.merged_into is distinct from old.merged_into and new.merged_into is not null) execute function steward.company_merged_into_stands();

-- Looked at when the transaction ends: first the one entry goes, then those that it stood for, and contacts and deals.
create function steward.merged_company_goes_whole() returns trigger language plpgsql set search_path = '' as $$
begin
  if exists (select from steward.company c where c.tenant_id = new.tenant_id and c.merged_into = new.company_id) then
    raise exception 'what was merged into a company goes along when that is merged on' using errcode = 'STW16';
  end if;
  if exists (select from steward.contact c where c.tenant_id = new.tenant_id and c.company_id = new.company_id and c.merged_into is null)
     or exists (select from steward.deal d where d.tenant_id = new.tenant_id and d.company_id = new.company_id) then
    raise exception 'contacts and deals go along with a company that is merged away' using errcode = 'STW16';
  end if;
  return null;
end $$;
create constraint trigger merged_company_goes_whole after update of merged_into on steward.company deferrable initially deferred
  for each row when (new.merged_into is not null and old.merged_into is null) execute function steward.merged_company_goes_whole();

-- Nothing comes to one that was merged away. Once a statement, not once a row: an import writes a hundred thousand contacts.
create function steward.no_contacts_of_merged_company() returns trigger language plpgsql set search_path = '' as $$
begin
  if exists (select from fresh join steward.company c on c.tenant_id = fresh.tenant_id and c.company_id = fresh.company_id
              where c.merged_into is not null and fresh.merged_into is null) then
    raise exception 'nothing is added to a company that was merged into another' using errcode = 'STW16';
  end if;
  return null;
end $$;
create trigger no_contacts_of_merged_company after insert on steward.contact
  referencing new table as fresh for each statement execute function steward.no_contacts_of_merged_company();
create trigger no_contacts_moved_to_merged_company after update on steward.contact
  referencing new table as fresh for each statement execute function steward.no_contacts_of_merged_company();

create function steward.not_of_merged_company() returns trigger language plpgsql set search_path = '' as $$
begin
  if exists (select from steward.company c where c.tenant_id = new.tenant_id and c.company_id = new.company_id and c.merged_into is not null) then
    raise exception 'nothing is added to a company that was merged into another' using errcode = 'STW16';
  end if;
  return new;
end $$;
create trigger not_of_merged_company before insert or update of company_id on steward.deal
  for each row when (new.company_id is not null) execute function steward.not_of_merged_company();
create trigger not_of_merged_company before insert on steward.note
  for each row when (new.company_id is not null) execute function steward.not_of_merged_company();

-- Who may read what a message was written from. An agent's answer may repeat what only some may read, and later runs of its conversation are
-- shown it: what is private there does not leave because it was read in an earlier run.
-- Of the answers that are there nobody knows; they count as being for nobody else, which asks before anything made of them leaves.

alter table steward.message add column readers text default '[]' check (length(readers) <= 65536);
alter table steward.message alter column readers drop default;
comment on column steward.message.readers is 'Who may read what it was written from beside the organisation, as a JSON array; null: anybody. Of what a person says, nothing is read.';

-- One commit of a run writes the column too. The function is changed where it names the columns of a message and nowhere else.
do $$
declare was text := pg_get_functiondef('steward.write_step'::regproc); becomes text := was;
begin
  becomes := replace(becomes, 'run_id, by_agent, text, integrity, created_at)', 'run_id, by_agent, text, integrity, readers, created_at)');
  becomes := replace(becomes, '(reply::json ->> ''integrity'')::smallint, now_at)', '(reply::json ->> ''integrity'')::smallint, reply::json ->> ''readers'', now_at)');
  if becomes not like '%integrity, readers, created_at)%' or becomes not like '%reply::json ->> ''readers'', now_at)%' then
    raise exception 'write_step is not as it was; write it anew with the column of this migration';
  end if;
  execute becomes;
end $$;

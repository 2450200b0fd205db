-- A run about one call that a program outside asked for, over MCP. All rows there are keep one of the earlier words, so nothing is moved.
alter table steward.run drop constraint run_channel_check;
alter table steward.run add constraint run_channel_check check (channel in ('chat', 'api', 'terminal', 'schedule', 'mcp'));

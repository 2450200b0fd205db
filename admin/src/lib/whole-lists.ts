import { answer, api } from '@/lib/api/client';
import { readAll } from '@/lib/list';

/** Ten thousand of each: without a limit the server's page is as long as one can be. */
const PAGES_MAX = 50;

/** Every tool that agents can be given, by name. */
export const allTools = {
  queryKey: ['tools'],
  queryFn: () => readAll((cursor) => answer(api.GET('/api/v1/tools', { params: { query: { cursor } } })), PAGES_MAX),
};

/** Every plugin, by name. */
export const allPlugins = {
  queryKey: ['plugins'],
  queryFn: () => readAll((cursor) => answer(api.GET('/api/v1/plugins', { params: { query: { cursor } } })), PAGES_MAX),
};

/** Every version of every prompt, by name and number. */
export const allPrompts = {
  queryKey: ['prompts'],
  queryFn: () => readAll((cursor) => answer(api.GET('/api/v1/prompts', { params: { query: { cursor } } })), PAGES_MAX),
};

/** Every budget that one may see, by scope. */
export const allBudgets = {
  queryKey: ['budgets'],
  queryFn: () => readAll((cursor) => answer(api.GET('/api/v1/budgets', { params: { query: { cursor } } })), PAGES_MAX),
};

/** Every agent of the configuration, by name. */
export const allAgents = {
  queryKey: ['agents'],
  queryFn: () => readAll((cursor) => answer(api.GET('/api/v1/agents', { params: { query: { cursor } } })), PAGES_MAX),
};

/** Every model of the configuration, by name. */
export const allModels = {
  queryKey: ['models'],
  queryFn: () => readAll((cursor) => answer(api.GET('/api/v1/models', { params: { query: { cursor } } })), PAGES_MAX),
};

/** Every secret that plugins name, by plugin and name. */
export const allSecrets = {
  queryKey: ['secrets'],
  queryFn: () => readAll((cursor) => answer(api.GET('/api/v1/secrets', { params: { query: { cursor } } })), PAGES_MAX),
};

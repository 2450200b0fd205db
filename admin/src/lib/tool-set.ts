import type { Schemas } from './api/client';
import { isRecord } from './json';
import { seen } from './seen';

type Report = Schemas['ToolSetReport'];
type Tool = Schemas['ToolChange'];
type Plugin = Schemas['InstalledPlugin'];
type Definition = Schemas['DefinitionView'];

/** What a tool does to the world, the gravest first. What this version does not know is graver. */
const GRAVITY = ['admin', 'credential', 'money', 'destroy', 'member', 'send', 'write', 'fetch', 'read'];
const CHANGES = ['new', 'changed', 'gone'];

/** Tools in the order in which they are looked at: the gravest first, of these what cannot be undone, what is new before what is gone. */
export function byGravity(tools: readonly Tool[]): Tool[] {
  const rank = (tool: Tool) => [GRAVITY.indexOf(tool.effect), tool.reversible ? 1 : 0, CHANGES.indexOf(tool.change)] as const;
  return [...tools].sort((a, b) => {
    const [one, other] = [rank(a), rank(b)];
    return one[0] - other[0] || one[1] - other[1] || one[2] - other[2] || a.name.localeCompare(b.name);
  });
}

/** Whom a plugin may ask outside by one entry of its manifest, with the names of the secrets that are sent along. */
export function asked({ scheme, host, port, methods, paths, header, secrets }: Schemas['EgressView']): string {
  const secret = header == null ? '' : ` ${header}: ${secrets.map((name) => `{{${name}}}`).join(' ')}`;
  return `${methods.join(', ')} ${scheme}://${host}:${port} ${paths.join(', ')}${secret}`;
}

/** How much a plugin asks to keep between calls, in each workspace. */
export function keeps({ bytes_max, entries_max }: Schemas['KvView']): string {
  return `kv: ≤ ${bytes_max} B, ≤ ${entries_max}`;
}

/** What a plugin may reach: interfaces of the host, and others outside. */
function reached(plugin: Plugin | null | undefined): string[] {
  return plugin == null ? [] : [...plugin.imports, ...(plugin.egress ?? []).map(asked), ...(plugin.kv == null ? [] : [keeps(plugin.kv)])];
}

/** How what a plugin may reach differs. */
export function reachOf({ plugin_before: before, plugin_after: after }: Report): { added: string[]; removed: string[]; kept: string[] } {
  const [was, is] = [reached(before), reached(after)];
  return { added: is.filter((name) => !was.includes(name)), removed: was.filter((name) => !is.includes(name)), kept: is.filter((name) => was.includes(name)) };
}

/** In bytes, what manifests count memory and results in. */
export const MIB = 1_048_576;
export const KIB = 1_024;

export const LIMITS = ['memory_mb', 'fuel', 'deadline_ms', 'output_kb'] as const;
export type Limit = (typeof LIMITS)[number];

/** What a call may use, and what it might until now; `more` where it may use more of it. */
export interface LimitChange {
  limit: Limit;
  /** Nothing of a new plugin. */
  before: number | null;
  after: number;
  change: 'more' | 'less' | 'same' | 'new';
}

export function limitsOf({ plugin_before: before, plugin_after: after }: Report): LimitChange[] {
  if (after == null) return [];
  return LIMITS.map((limit) => {
    const [was, is] = [before?.[limit] ?? null, after[limit]];
    return { limit, before: was, after: is, change: was === null ? 'new' : is > was ? 'more' : is < was ? 'less' : 'same' };
  });
}

/** Whether somebody else signed it than before, or nobody any more. */
export function signerChanged(before: Plugin | null | undefined, after: Plugin | null | undefined): boolean {
  return before != null && after != null && (before.signed_by ?? null) !== (after.signed_by ?? null);
}

export const PARTS = ['description', 'arguments', 'result', 'hints'] as const;
export type Part = (typeof PARTS)[number];

/** The same value with the keys of its objects in order: in whatever order they came, they mean the same. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

/** A part of a definition as a text, line by line; empty where there is none. */
export function rawPart(definition: Definition | null | undefined, part: Part): string {
  const value = definition?.[part] ?? null;
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(sorted(value), null, 2);
}

/** The same with a mark for each character that would not be seen. */
export function partText(definition: Definition | null | undefined, part: Part): string {
  return seen(rawPart(definition, part));
}

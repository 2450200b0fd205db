import type { Schemas } from './api/client';

export type Change = Schemas['ChangeView'];
export type ChangeDetail = Schemas['ChangeDetail'];

export const KINDS = ['policy', 'prompt_label', 'grant', 'tool'] as const;
export const STATES = ['proposed', 'approved', 'rejected', 'withdrawn'] as const;

/** What a proposal's subject begins with that is of a plugin: no server is called so. */
const PLUGIN = 'plugin:';

export type SubjectKind = 'rules' | 'label' | 'grant' | 'plugin' | 'server';

/** What a change is of. A kind that this version does not know is shown by its own name. */
export function subjectOf({ kind, subject }: { kind: string; subject: string }): { kind: SubjectKind | 'other'; name: string } {
  if (kind === 'policy') return { kind: 'rules', name: subject };
  if (kind === 'prompt_label') return { kind: 'label', name: subject };
  if (kind === 'grant') return { kind: 'grant', name: subject.split('@')[0] ?? subject };
  if (kind === 'tool') return subject.startsWith(PLUGIN) ? { kind: 'plugin', name: subject.slice(PLUGIN.length) } : { kind: 'server', name: subject };
  return { kind: 'other', name: `${kind} ${subject}` };
}

export type Shown =
  | { kind: 'policy'; content: Schemas['PolicySet']; report: Schemas['ProposalReport'] }
  | { kind: 'label'; content: Schemas['LabelContent']; report: Schemas['LabelReport'] }
  | { kind: 'grant'; content: Schemas['WishContent']; report: Schemas['WishReport'] }
  | { kind: 'tool'; content: Schemas['ToolSetContent']; report: Schemas['ToolSetReport'] }
  | { kind: 'other'; content: unknown; report: unknown };

/** What a change would do, by what it has: the types alone do not say which content comes with which report. */
export function shownOf({ content, report }: ChangeDetail): Shown {
  if ('server' in content && 'place' in report) return { kind: 'tool', content, report };
  if ('label' in content && 'lines' in report) return { kind: 'label', content, report };
  if ('ranges' in content && 'newly_allowed' in report) return { kind: 'grant', content, report };
  if ('rules' in content && 'properties' in report) return { kind: 'policy', content, report };
  return { kind: 'other', content, report };
}

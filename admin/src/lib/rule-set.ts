/** A rule in force, as far as putting sets together needs it. */
interface Rule {
  id: string;
  file: string;
  text: string;
}

export interface RuleFile {
  name: string;
  text: string;
}

/** What was written by hand goes here; its rules take the place of those with the same id. */
const OWN_FILE = '99-tried.cedar';

/** The ids that a text gives its rules. Comments and the words of annotations are passed over. */
export function idsIn(text: string): string[] {
  const tokens = text.matchAll(/\/\/[^\n]*|@id\s*\(\s*"((?:[^"\\]|\\.)*)"\s*\)|"(?:[^"\\]|\\.)*"/g);
  return [...new Set([...tokens].map((token) => token[1]).filter((id) => id !== undefined))];
}

/** The rules in force with others added: a rule of the same id is replaced, one that is left out is gone. */
export function changedSet(inForce: readonly Rule[], text: string, without: readonly string[]): RuleFile[] {
  const gone = new Set([...idsIn(text), ...without]);
  const files = new Map<string, string[]>();
  for (const rule of inForce.filter((one) => !gone.has(one.id))) files.set(rule.file, [...(files.get(rule.file) ?? []), rule.text]);
  const kept = [...files].map(([name, texts]) => ({ name, text: `${texts.join('\n\n')}\n` }));
  return text.trim() === '' ? kept : [...kept, { name: OWN_FILE, text }];
}

import type { RuleFile } from './rule-set';

/** The statements of a Cedar text, each as it stands there; what is written between them is left out. */
export function statementsIn(text: string): string[] {
  const found: string[] = [];
  let start: number | null = null;
  for (const token of text.matchAll(/\/\/[^\n]*|"(?:[^"\\]|\\.)*"|;|[^\s/";]+|\//g)) {
    const [word] = token;
    if (start === null && word.startsWith('//')) continue;
    start ??= token.index;
    if (word !== ';') continue;
    found.push(text.slice(start, token.index + 1));
    start = null;
  }
  // What has no end is shown all the same.
  return start === null ? found : [...found, text.slice(start)];
}

/** A text with its statements alone, as the rules in force are told. */
export function statementsOnly(text: string): string {
  return statementsIn(text).join('\n\n');
}

/** Rules that are told one by one, put together by the file each stands in. */
export function filesOf(rules: readonly { file: string; text: string }[]): RuleFile[] {
  const files = new Map<string, string[]>();
  for (const rule of rules) files.set(rule.file, [...(files.get(rule.file) ?? []), rule.text]);
  return [...files].map(([name, texts]) => ({ name, text: texts.join('\n\n') }));
}

export interface FileChange {
  name: string;
  change: 'new' | 'changed' | 'gone' | 'same';
  before: string;
  after: string;
}

/** How the files of one set differ from those of another: by name, what is as before last. */
export function fileChanges(before: readonly RuleFile[], after: readonly RuleFile[]): FileChange[] {
  const names = [...new Set([...before, ...after].map((file) => file.name))].sort();
  const all = names.map((name): FileChange => {
    const [was, is] = [before.find((file) => file.name === name), after.find((file) => file.name === name)];
    const change = was === undefined ? 'new' : is === undefined ? 'gone' : was.text === is.text ? 'same' : 'changed';
    return { name, change, before: was?.text ?? '', after: is?.text ?? '' };
  });
  return [...all.filter((one) => one.change !== 'same'), ...all.filter((one) => one.change === 'same')];
}

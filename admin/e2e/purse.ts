/** A plugin that pays, as somebody who makes plugins would bring it: in C, in two versions, built and signed with the program's own kit. No money moves. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './program';

/** What stands in every project in C that the kit begins. */
const KIT = '../tools/kit/templates/c';

const text = (letters: number, more: object = {}) => ({ type: 'string', maxLength: letters, ...more });
const object = (properties: object) => ({ type: 'object', additionalProperties: false, required: Object.keys(properties), properties });
const SCHEMAS: Record<string, object> = {
  nothing: object({}),
  payment: object({ to: { type: 'array', minItems: 1, maxItems: 5, items: text(200) }, account: text(34), amount_minor: { type: 'integer', minimum: 1, maximum: 1_000_000 }, note: text(200) }),
  paid: object({ paid: { type: 'boolean' } }),
  balance: object({ minor: { type: 'integer' } }),
};

interface Version {
  version: string;
  imports: readonly string[];
  limits: string;
  /** What its one tool that only reads says of itself, and what it answers. */
  balance: string;
  minor: string;
  /** Its tools that pay. */
  paying: Record<string, string>;
}

/** The first version, and one that differs in all that an upgrade can differ in without asking others. */
const VERSIONS = {
  first: {
    version: '1.0.0',
    imports: ['log'],
    limits: 'memory_mb = 16\nfuel = 10_000_000\ndeadline_ms = 5000\noutput_kb = 64',
    balance: 'Says how much is in the purse.',
    minor: 'TEXT("5000")',
    paying: { pay: 'Pays somebody from the purse.' },
  },
  second: {
    version: '1.1.0',
    imports: ['log', 'clock'],
    limits: 'memory_mb = 32\nfuel = 10_000_000\ndeadline_ms = 1000\noutput_kb = 64',
    balance: 'Says how much is in the purse now.',
    minor: 'clock_now_ms() > 0 ? TEXT("5000") : TEXT("0")',
    paying: { pay: 'Pays somebody from the purse.', refund: 'Gives somebody back what they paid.' },
  },
} satisfies Record<string, Version>;

function manifest({ version, imports, limits, balance, paying }: Version): string {
  const tool = (name: string, effect: string, description: string, takes: string, answers: string, rest: string) =>
    `\n[[tool]]\nname = "purse.${name}"\neffect = "${effect}"\nreversible = ${effect === 'read'}\nidempotent = true\ndescription = "${description}"\narguments = "schemas/${takes}.json"\nresult = "schemas/${answers}.json"\n${rest}\n`;
  const roles = 'roles = { to = "recipient", account = "payee", amount_minor = "amount", note = "content" }\nresult_labels = { "/paid" = "system" }';
  return (
    `[plugin]\nname = "purse"\nversion = "${version}"\nlanguage = "c"\n\n[imports]\n${imports.map((name) => `${name} = true`).join('\n')}\n\n[limits]\n${limits}\n` +
    tool('balance', 'read', balance, 'nothing', 'balance', 'result_labels = { "/minor" = "system" }') +
    Object.entries(paying)
      .map(([name, description]) => tool(name, 'money', description, 'payment', 'paid', roles))
      .join('')
  );
}

function source({ version, minor, paying }: Version): string {
  const tools = Object.keys(paying).map((name) => `, {TEXT("purse.${name}"), MONEY}`);
  return `#include "steward.h"

manifest_check plugin_describe(void) {
  static const tool_check tools[] = {{TEXT("purse.balance"), READ}${tools.join('')}};
  return (manifest_check){TEXT("purse"), TEXT("${version}"), tools, sizeof tools / sizeof tools[0]};
}

answer plugin_call(const request *request) {
  if (same(request->tool, TEXT("purse.balance"))) return (answer){DONE, joined((text[]){TEXT("{\\"minor\\":"), ${minor}, TEXT("}"), {0}}), {0}};
  log_write(LOG_INFO, request->tool);
  return (answer){DONE, TEXT("{\\"paid\\":true}"), TEXT("paid")};
}
`;
}

/** Builds one of its versions in a folder below, and answers where it is. */
export async function buildPurse(below: string, which: keyof typeof VERSIONS): Promise<string> {
  const dir = join(below, which);
  const version: Version = VERSIONS[which];
  for (const folder of ['schemas', 'src', 'vendor']) mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(join(dir, 'tool.toml'), manifest(version));
  for (const [name, schema] of Object.entries(SCHEMAS)) writeFileSync(join(dir, 'schemas', `${name}.json`), JSON.stringify(schema));
  writeFileSync(join(dir, 'src/plugin.c'), source(version));
  for (const name of ['steward.h', 'steward.c']) copyFileSync(join(KIT, name), join(dir, 'vendor', name));
  await command(below, ['plugin', 'build', dir]);
  return dir;
}

/** Signs it as it is, with the key of whoever made it, and answers by which key that is known. */
export async function signPurse(below: string, dir: string): Promise<string> {
  const said: { public_key: string } = JSON.parse(await command(below, ['plugin', 'sign', dir, '--key', join(below, 'maker.key'), '--json']));
  return said.public_key;
}

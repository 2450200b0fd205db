// Write a Steward tool plugin in TypeScript or JavaScript: `plugin` makes what the host calls of your functions.

/** What a tool does to the world. */
export type Effect = "read" | "fetch" | "write" | "send" | "destroy" | "money" | "credential" | "member" | "admin";

/** Why a call brings no result. */
export type Reason = "invalid-arguments" | "not-found" | "denied" | "unavailable" | "failed";

/** What a call comes with beside its arguments. */
export interface Request {
  tool: string;
  /** JSON text. */
  arguments: string;
  /** The same on every try of the same call. */
  key: string;
  /** BCP 47 tag of the person the run works for. */
  locale: string;
  /** IANA name of that person's time zone. */
  timeZone: string;
  deadlineMs: number;
}

/** A result, and maybe one line for people. */
export interface Answer {
  result: unknown;
  summary?: string;
}

/** One thing that a call would change. */
export interface PreviewLine {
  label: string;
  before?: string;
  after?: string;
}

/** What a call would do, for whoever decides on it. */
export interface Preview {
  title: string;
  lines: PreviewLine[];
}

/** A tool: what it does, and what it would do where its manifest says `preview = true`. */
export interface Tool {
  effect: Effect;
  // The host checked the arguments against the schema; their type is the tool's own.
  // biome-ignore lint: each tool has arguments of its own
  call(wanted: any, request: Request): Answer | Promise<Answer>;
  // biome-ignore lint: as above
  preview?(wanted: any, request: Request): Preview;
}

/** An error with a reason; its text is shown to the model. */
export class ToolError extends Error {
  constructor(
    readonly reason: Reason,
    message: string,
  ) {
    super(message);
  }
}

const OFFICE: Record<string, [Reason, string]> = {
  denied: ["denied", "the person this run works for may not do this"],
  "not-found": ["not-found", "there is no such record"],
  conflict: ["failed", "it exists already, or somebody else has just changed it; read it again"],
  "too-large": ["invalid-arguments", "that is more than the host takes at once"],
  "too-many": ["denied", "that is more than one call may ask"],
  timeout: ["unavailable", "the other side did not answer in time; a later try may work"],
  unavailable: ["unavailable", "the office does not answer; a later try may work"],
  invalid: ["invalid-arguments", "the office does not take that"],
  "over-quota": ["failed", "there is no room to keep that"],
  unreachable: ["unavailable", "the other side is not reached; a later try may work"],
};

/** What was thrown, as the host takes it: an error of ours, one of an interface, or a slip in the code. */
function refusal(thrown: unknown): { tag: Reason; val: string } {
  if (thrown instanceof ToolError) {
    return { tag: thrown.reason, val: thrown.message };
  }
  const inner: unknown = typeof thrown === "object" && thrown !== null && "payload" in thrown ? thrown.payload : thrown;
  if (typeof inner === "object" && inner !== null && "tag" in inner && typeof inner.tag === "string") {
    const [tag, usual] = OFFICE[inner.tag] ?? ["failed", inner.tag];
    return { tag, val: "val" in inner && typeof inner.val === "string" ? inner.val : usual };
  }
  if (typeof inner === "string" && OFFICE[inner] !== undefined) {
    const [tag, val] = OFFICE[inner];
    return { tag, val };
  }
  return { tag: "failed", val: String(thrown) };
}

/** Makes of functions what the host calls. */
export function plugin(name: string, version: string, tools: Record<string, Tool>) {
  const find = (request: Request) => {
    const tool = tools[request.tool];
    if (tool === undefined) {
      throw { tag: "not-found", val: `the plugin has no tool \`${request.tool}\`` };
    }
    return tool;
  };
  return {
    describe: () => ({ name, version, tools: Object.entries(tools).map(([tool, { effect }]) => ({ name: tool, effect })) }),
    call(request: Request) {
      const tool = find(request);
      const told = ({ result, summary }: Answer) => ({ result: JSON.stringify(result), summary });
      const refused = (thrown: unknown): never => {
        throw refusal(thrown);
      };
      try {
        const answer = tool.call(JSON.parse(request.arguments), request);
        // Only what asks by `fetch` waits, and there is none without the grant `wasi-http`.
        return answer instanceof Promise ? answer.then(told).catch(refused) : told(answer);
      } catch (thrown) {
        return refused(thrown);
      }
    },
    preview(request: Request) {
      const tool = find(request);
      try {
        if (tool.preview === undefined) {
          throw new ToolError("not-found", `\`${request.tool}\` has no preview`);
        }
        return tool.preview(JSON.parse(request.arguments), request);
      } catch (thrown) {
        throw refusal(thrown);
      }
    },
  };
}

/** Bytes of a text, since QuickJS has no `TextEncoder`. */
export function utf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0xfffd;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return new Uint8Array(bytes);
}

/** The text of bytes in UTF-8, since QuickJS has no `TextDecoder`; what is none becomes U+FFFD. */
export function text(bytes: Uint8Array): string {
  let out = "";
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] ?? 0;
    const more = first < 0x80 ? 0 : first >= 0xf0 && first < 0xf5 ? 3 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xc2 && first < 0xe0 ? 1 : -1;
    let code = more === 0 ? first : more > 0 ? first & (0x3f >> more) : -1;
    for (let next = 1; next <= more && code >= 0; next++) {
      const byte = bytes[at + next] ?? 0;
      code = (byte & 0xc0) === 0x80 ? (code << 6) | (byte & 63) : -1;
    }
    const least = [0, 0x80, 0x800, 0x10000][more] ?? 0;
    const good = code >= least && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
    out += good ? String.fromCodePoint(code) : "\ufffd";
    at += good ? more + 1 : 1;
  }
  return out;
}

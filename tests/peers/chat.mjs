// Talks to an agent through the official OpenAI client for Node: whole and streamed. Use: node chat.mjs BASE_URL TOKEN TEXT
// Prints one line of JSON; the Rust test beside it says what must be in it.
import OpenAI from "openai";

const [baseURL, apiKey, text] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const messages = [{ role: "user", content: text }];

const models = (await client.models.list()).data.map((model) => model.id);
const model = (await client.models.retrieve("assistant")).id;
const whole = await client.chat.completions.create({ model: "assistant", messages });
let streamed = "";
let finish = null;
let chunks = 0;
for await (const chunk of await client.chat.completions.create({ model: "assistant", messages, stream: true })) {
  chunks += 1;
  streamed += chunk.choices[0]?.delta?.content ?? "";
  finish = chunk.choices[0]?.finish_reason ?? finish;
}
const response = await client.responses.create({ model: "assistant", input: text });
let responseStreamed = "";
for await (const event of await client.responses.create({ model: "assistant", input: text, stream: true })) {
  if (event.type === "response.output_text.delta") responseStreamed += event.delta;
}
const refusal = await client.chat.completions.create({ model: "nobody", messages }).catch((error) => error);
console.log(
  JSON.stringify({
    models,
    model,
    whole: whole.choices[0].message.content,
    whole_finish: whole.choices[0].finish_reason,
    steward: whole.steward ?? null,
    usage: whole.usage ?? null,
    streamed,
    finish,
    chunks,
    response: response.output_text,
    response_streamed: responseStreamed,
    unknown_model: { status: refusal.status, code: refusal.code },
  }),
);

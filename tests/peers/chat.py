"""Talks to an agent through the official OpenAI client for Python: whole and streamed.

Use: python chat.py BASE_URL TOKEN TEXT. Prints one line of JSON; the Rust test beside it says what must be in it.
"""

import json
import sys

from openai import NotFoundError, OpenAI

base_url, api_key, text = sys.argv[1:4]
client = OpenAI(base_url=base_url, api_key=api_key, max_retries=0)
messages = [{"role": "user", "content": text}]

whole = client.chat.completions.create(model="assistant", messages=messages)
streamed, finish, chunks = "", None, 0
for chunk in client.chat.completions.create(model="assistant", messages=messages, stream=True):
    chunks += 1
    if chunk.choices:
        streamed += chunk.choices[0].delta.content or ""
        finish = chunk.choices[0].finish_reason or finish
response = client.responses.create(model="assistant", input=text)
response_streamed = ""
for event in client.responses.create(model="assistant", input=text, stream=True):
    if event.type == "response.output_text.delta":
        response_streamed += event.delta
unknown_model = None
try:
    client.chat.completions.create(model="nobody", messages=messages)
except NotFoundError as error:
    unknown_model = {"status": error.status_code, "code": error.code}
print(
    json.dumps(
        {
            "models": [model.id for model in client.models.list().data],
            "model": client.models.retrieve("assistant").id,
            "whole": whole.choices[0].message.content,
            "whole_finish": whole.choices[0].finish_reason,
            "steward": (whole.model_extra or {}).get("steward"),
            "usage": whole.usage.model_dump() if whole.usage else None,
            "streamed": streamed,
            "finish": finish,
            "chunks": chunks,
            "response": response.output_text,
            "response_streamed": response_streamed,
            "unknown_model": unknown_model,
        }
    )
)

"""Uses an agent's tools through the official client for Python of the Model Context Protocol.

Use: python mcp_client.py URL TOKEN. Prints a line of JSON whenever a call waits for a person, and one at the end; the Rust test beside it
approves what waits and says what must be in them.
"""

import json
import sys

import anyio
import httpx2
from mcp import ClientSession, MCPError
from mcp.client.streamable_http import streamable_http_client

url, token = sys.argv[1:3]


def say(**line):
    print(json.dumps(line), flush=True)


async def held(session, name, cancel=None):
    """Makes a call that waits for people, and says so when it does."""

    async def progress(_done, _total, message):
        say(waits=message)
        if cancel is not None:
            cancel.cancel()

    return await session.call_tool("crm.create_contact", {"name": name}, progress_callback=progress)


async def main():
    async with httpx2.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=60) as http:
        async with streamable_http_client(url, http_client=http) as streams:
            async with ClientSession(streams[0], streams[1]) as session:
                hello = await session.initialize()
                tools = [tool.name for tool in (await session.list_tools()).tools]
                found = await session.call_tool("crm.find_contacts", {"query": "nobody"})
                wrong = await session.call_tool("crm.find_contacts", {"query": 7})
                try:
                    unknown = (await session.call_tool("crm.drop_everything", {})).structured_content
                except MCPError as error:
                    unknown = {"error": {"class": "protocol", "message": str(error)}}
                made = await held(session, "Lena Petrova")
                with anyio.CancelScope() as scope:
                    await held(session, "Max Meier", scope)
                say(
                    protocol=hello.protocol_version,
                    tools=tools,
                    found=found.structured_content,
                    wrong=wrong.structured_content,
                    unknown=unknown,
                    made=made.structured_content,
                    cancelled=scope.cancelled_caught,
                )


anyio.run(main)

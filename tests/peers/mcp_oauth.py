"""Lets itself in at an MCP server that it was given no token for, through the official client for Python of the Model Context Protocol.

Use: python mcp_oauth.py URL CLIENT_ID. Prints a line of JSON with the page that a person has to visit, and one at the end; the Rust test
beside it is the person, and says what must be in them.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
from mcp import ClientSession
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

url, client_id = sys.argv[1:3]
arrived = Queue()


def say(**line):
    print(json.dumps(line), flush=True)


class Back(BaseHTTPRequestHandler):
    """Takes the answer that a person's browser brings."""

    def do_GET(self):
        arrived.put({name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"You can close this page.")

    def log_message(self, *_):
        pass


listening = HTTPServer(("127.0.0.1", 0), Back)
threading.Thread(target=listening.serve_forever, daemon=True).start()


class Kept:
    """What the client keeps between its requests."""

    tokens = None
    client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


kept = Kept()
answer = {}


async def visit(page):
    say(visit=page)


async def come_back():
    answer.update(await anyio.to_thread.run_sync(arrived.get))
    return AuthorizationCodeResult(code=answer["code"], state=answer.get("state"), iss=answer.get("iss"))


def provider():
    metadata = OAuthClientMetadata(
        client_name="peer",
        redirect_uris=[f"http://127.0.0.1:{listening.server_port}/back"],
        token_endpoint_auth_method="none",
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
    )
    return OAuthClientProvider(url, metadata, kept, visit, come_back, client_metadata_url=client_id)


async def tools_of(auth, find=False):
    async with httpx2.AsyncClient(auth=auth, timeout=60) as http:
        async with streamable_http_client(url, http_client=http) as streams:
            async with ClientSession(streams[0], streams[1]) as session:
                await session.initialize()
                tools = [tool.name for tool in (await session.list_tools()).tools]
                found = await session.call_tool("crm.find_contacts", {"query": "nobody"}) if find else None
                return tools, found and found.structured_content


async def main():
    auth = provider()
    tools, found = await tools_of(auth, find=True)
    first = kept.tokens
    # An hour later, as far as the client knows.
    auth.context.token_expiry_time = 1
    after, _ = await tools_of(auth)
    second = kept.tokens
    # The first secret once more: now nobody is let in by either.
    async with httpx2.AsyncClient() as http:
        form = {"grant_type": "refresh_token", "refresh_token": first.refresh_token, "client_id": client_id}
        server = url.removesuffix("/mcp")
        again = (await http.post(f"{server}/oauth/token", data=form)).json()["error"]
        shut = await http.post(url, headers={"authorization": f"Bearer {second.access_token}"})
    say(
        state=answer.get("state"),
        iss=answer.get("iss"),
        client=kept.client.client_id,
        scope=first.scope,
        tools=tools,
        found=found,
        renewed=first.access_token != second.access_token and first.refresh_token != second.refresh_token,
        after=after,
        again=again,
        shut=shut.status_code,
    )


anyio.run(main)

"""Runs of LangGraph with its PostgreSQL checkpointer, for the bench k5: the same model, the same five calls, the same server.

use: runs.py DATABASE_URL MODEL_URL SIDE_BY_SIDE

Says `ready`, then reads a number of runs a line, does them, and says how many runs a second they were. A database of its own is made on
the server and dropped at the end of the input.
"""

import asyncio
import os
import sys
import time

import psycopg
import uvloop
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.prebuilt import create_react_agent
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

CONNECTIONS = 8


@tool
async def crm_get_contact(contact_id: str) -> str:
    """Gets a contact."""
    return '{"ok":{"id":"%s","name":"Lena"}}' % contact_id


async def runs(agent, count: int, side_by_side: int) -> float:
    todo = iter(range(count))

    async def lane() -> None:
        for number in todo:
            place = {"configurable": {"thread_id": f"{time.time_ns()}-{number}"}, "recursion_limit": 100}
            out = await agent.ainvoke({"messages": [("user", "Look up the contacts.")]}, place)
            text = out["messages"][-1].content
            if "in order" not in text:
                raise RuntimeError(f"not the answer: {text}")

    began = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(side_by_side)))
    return count / (time.perf_counter() - began)


async def main(database: str, model: str, side_by_side: int) -> None:
    name = f"langgraph_{os.getpid()}"
    own = make_conninfo(database, dbname=name)
    with psycopg.connect(database, autocommit=True) as server:
        server.execute(f"create database {name}")
    try:
        settings = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        async with AsyncConnectionPool(own, min_size=CONNECTIONS, max_size=CONNECTIONS, timeout=600, kwargs=settings) as pool:
            saver = AsyncPostgresSaver(pool)
            await saver.setup()
            client = ChatOpenAI(model="gpt-4o-mini", base_url=model, api_key="k", max_retries=0, timeout=600, use_responses_api=False)
            agent = create_react_agent(client, [crm_get_contact], prompt="You look up contacts.", checkpointer=saver)
            print("ready", flush=True)
            loop = asyncio.get_running_loop()
            while line := await loop.run_in_executor(None, sys.stdin.readline):
                print(await runs(agent, int(line), side_by_side), flush=True)
    finally:
        with psycopg.connect(database, autocommit=True) as server:
            server.execute(f"drop database if exists {name} with (force)")


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))

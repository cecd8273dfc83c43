"""Response headers through aiohttp: with_aiohttp.py PORT IN_FLIGHT < addresses. The body is left unread."""

import asyncio
import sys

import aiohttp


async def head(session, host, port, gate):
    async with gate:
        response = await session.get(f"http://{host}:{port}/", allow_redirects=False)
        lines = [f"HTTP/{response.version.major}.{response.version.minor} {response.status} {response.reason}"]
        lines += [f"{name.decode()}: {value.decode()}" for name, value in response.raw_headers]
        print("\n".join(f"{host} header > {line}" for line in lines))
        response.close()


async def main(port, in_flight):
    gate = asyncio.Semaphore(in_flight)
    connector = aiohttp.TCPConnector(limit=in_flight, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(head(session, line.strip(), port, gate) for line in sys.stdin))


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))

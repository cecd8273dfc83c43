"""The asyncio lesson this project grew from, over a list: lesson.py PORT IN_FLIGHT < addresses.

One coroutine per host under one gather; a semaphore keeps so many of them in flight.
"""

import asyncio
import sys


async def wget(host, port, gate):
    async with gate:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        await writer.drain()
        while True:
            line = await reader.readline()
            if line == b"\r\n":
                break
            if not line:
                raise ConnectionError(f"{host}: closed before the empty line")
            print(f"{host} header > {line.decode().rstrip()}")
        # Ignore the body, close the socket
        writer.close()


async def main(port, in_flight):
    gate = asyncio.Semaphore(in_flight)
    await asyncio.gather(*(wget(line.strip(), port, gate) for line in sys.stdin))


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))

#!/usr/bin/env python3
"""A TCP proxy that does to connections what networks do.

`proxy.py HOST:PORT [--seed N]` listens on a free port, says which, and is as bad as `Weather.storm` until it is ended.
As a module: `Proxy(target).start()`, `proxy.weather = …`, `proxy.stop()`; it runs in a thread of its own.

Each connection gets one fault, drawn when it begins:
  honest      none
  cut         both directions end with a reset after some bytes
  half_open   after some bytes one direction is forwarded no more; nobody is told
  stall       after some bytes nothing goes either way for a while; then all of it
  delay       each piece comes a little later
  trickle     a few bytes at a time
  late        the client is cut off, and what it had sent last is delivered to the server a while after
  refuse      it is closed at once
"""
import argparse
import asyncio
import contextlib
import math
import random
import sys
import threading

PIECE = 1 << 14


class Weather:
    """How often which fault is drawn, how long things take in seconds, and after about how many bytes a fault comes."""

    def __init__(self, odds, pause=1.0, reach=(3, 30_000)):
        self.odds, self.pause, self.reach = odds, pause, reach

    @classmethod
    def fair(cls):
        return cls({"honest": 1})

    @classmethod
    def storm(cls, pause=1.0):
        return cls({"honest": 1, "cut": 4, "half_open": 1, "stall": 2, "delay": 2, "trickle": 1, "late": 3, "refuse": 1},
                   pause)

    def draw(self, chance):
        return chance.choices(list(self.odds), list(self.odds.values()))[0]


class Link:
    """One connection: two pumps, and the fault that they share."""

    def __init__(self, proxy, fault, chance, weather):
        self.proxy, self.fault, self.chance, self.pause = proxy, fault, chance, weather.pause
        # By magnitude: a short session is to be hit as well as a long one.
        self.left = int(math.exp(chance.uniform(*map(math.log, weather.reach))))
        self.dead_direction = chance.choice(["up", "down"])
        self.stalled = False

    async def pump(self, reader, writer, direction):
        """Until the end of the stream or of the connection."""
        while True:
            piece = await reader.read(PIECE)
            if not piece:
                return
            before, self.left = self.left, self.left - len(piece)
            over = self.left < 0
            if self.fault == "cut" and over:
                writer.write(piece[:max(0, before)])
                await writer.drain()
                raise ConnectionResetError
            if self.fault == "late" and over and direction == "up":
                self.proxy.later(self.pause * self.chance.uniform(0.2, 2), writer, piece)
                raise Detached
            if self.fault == "half_open" and over and direction == self.dead_direction:
                continue  # read, so that the sender does not notice
            if self.fault == "stall" and over and not self.stalled:
                self.stalled = True
                await asyncio.sleep(self.pause * self.chance.uniform(0.5, 3))
            if self.fault == "delay":
                await asyncio.sleep(self.pause * self.chance.uniform(0, 0.1))
            if self.fault == "trickle":
                await self.trickle(writer, piece)
                continue
            writer.write(piece)
            await writer.drain()

    async def trickle(self, writer, piece):
        while piece:
            some = self.chance.randint(1, 40)
            writer.write(piece[:some])
            piece = piece[some:]
            await writer.drain()
            await asyncio.sleep(self.pause * 0.002)


class Detached(Exception):
    """The client is gone, its connection to the server is not."""


class Proxy:
    def __init__(self, target, seed=0, weather=None):
        host, port = target.rsplit(":", 1)
        self.target = (host, int(port))
        self.chance = random.Random(seed)
        self.weather = weather or Weather.fair()
        self.counts = {}  # connections by fault
        self.delivered_late = 0
        self.tasks = set()
        self.ready = threading.Event()

    def start(self):
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run()), daemon=True)
        self.thread.start()
        if not self.ready.wait(30):
            raise AssertionError("the proxy does not start")
        return self

    def stop(self):
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join(30)

    def calm(self, cut):
        """Honest to new connections from now on. `cut`: the others end now; or else they go on as they are."""
        self.weather = Weather.fair()
        if cut:
            self.loop.call_soon_threadsafe(self.cut_all)

    def cut_all(self):
        for task in list(self.tasks):
            task.cancel()

    async def run(self):
        self.loop, self.ended = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        self.authority = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self.ready.set()
        await self.ended.wait()
        server.close()
        self.cut_all()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def accept(self, reader, writer):
        task = asyncio.current_task()
        self.tasks.add(task)
        try:
            await self.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self.tasks.discard(task)

    async def serve(self, reader, writer):
        fault = self.weather.draw(self.chance)
        self.counts[fault] = self.counts.get(fault, 0) + 1
        if fault == "refuse":
            writer.transport.abort()
            return
        try:
            up_reader, up_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        link = Link(self, fault, self.chance, self.weather)
        pumps = [asyncio.ensure_future(link.pump(reader, up_writer, "up")),
                 asyncio.ensure_future(link.pump(up_reader, writer, "down"))]
        keep = False
        try:
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            keep = any(isinstance(pump.exception(), Detached) for pump in done)
        finally:
            for pump in pumps:
                pump.cancel()
            # An end that one side has made is passed on as such; what the fault made is a reset.
            for side in (writer, up_writer):
                if side is up_writer and keep:
                    continue
                with contextlib.suppress(OSError):
                    side.transport.abort() if fault in ("cut", "late") else side.close()

    def later(self, seconds, writer, piece):
        async def deliver():
            try:
                await asyncio.sleep(seconds)
                writer.write(piece)
                await writer.drain()
                self.delivered_late += 1
                await asyncio.sleep(self.weather.pause)
            except OSError:
                pass
            finally:
                writer.transport.abort()
        task = asyncio.ensure_future(deliver())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", help="HOST:PORT of the server")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    options = parser.parse_args()
    proxy = Proxy(options.target, options.seed, Weather.storm()).start()
    print(f"listening on {proxy.authority}, seed {options.seed}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        proxy.thread.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())

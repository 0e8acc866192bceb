"""A mail server in bad weather: it refuses, hangs up, dawdles or is away, by chance from a fixed seed."""

from __future__ import annotations

import asyncio
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread

from tests.features.mailbox import free_port

REFUSES = {b"EHLO": 0.01, b"MAIL": 0.02, b"RCPT": 0.02, b"DATA": 0.02}
"""How often a command is answered with "not now"."""
HANGS_UP = 0.005
"""How often a command is answered by nothing at all."""
FATES = {"refuses": 0.02, "forgets": 0.02, "takes and hangs up": 0.01, "thanks and hangs up": 0.02}
"""What else comes of an e-mail than to be taken: what is forgotten was not taken, and nothing is answered."""
DAWDLES = 0.02
LONGEST = 0.05
"""Seconds that an answer may take."""


@dataclass
class StormyServer:
    """What it has taken, in order, by Message-ID; and how often the sender could not know that it had been taken."""

    seed: int
    port: int = field(default_factory=free_port)
    taken: dict[str, list[tuple[str, bytes]]] = field(default_factory=lambda: defaultdict(list))
    total: int = 0
    unthanked: int = 0
    on_taking: Callable[[int], None] = lambda _total: None
    """Called with the number taken so far, before the sender hears of it."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """What HUB_SMTP_URL is set to."""
        return f"smtp://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[StormyServer]:
        """Serve in a thread of its own."""
        thread = Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        self.open()
        yield self
        self.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        thread.join(10)
        self._loop.close()

    def open(self) -> None:
        """Listen again."""
        self._do(self._open())

    def close(self) -> None:
        """Be away: nobody listens on the port, and whoever was connected is cut off."""
        self._do(self._close())

    def _do(self, work: object) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)  # type: ignore[arg-type]
        done.result(10)

    async def _open(self) -> None:
        self._talks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", self.port, limit=2**20)

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.wait(self._talks, timeout=5) if self._talks else None

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        me = asyncio.current_task()
        assert me is not None
        self._talks.add(me)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._talk_until_the_end(reader, writer)
        finally:
            self._talks.discard(me)
            writer.close()

    async def _talk_until_the_end(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 storm.example\r\n")
        recipient = ""
        while line := await reader.readline():
            verb, roll = line[:4].upper(), self.chance.random()
            if self.chance.random() < DAWDLES:
                await asyncio.sleep(self.chance.random() * LONGEST)
            if verb == b"QUIT" or roll > 1 - HANGS_UP:
                return
            if roll < REFUSES.get(verb, 0):
                writer.write(b"451 not now\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                answer, stays = await self._take(recipient, await reader.readuntil(b"\r\n.\r\n"))
                writer.write(answer)
                if not stays:
                    return
            else:
                if verb == b"RCPT":
                    recipient = re.findall(r"<(.*)>", line.decode())[0]
                writer.write(b"250 fine\r\n")

    async def _take(self, recipient: str, text: bytes) -> tuple[bytes, bool]:
        """What to answer, and whether to stay on the line after that."""
        [fate] = self.chance.choices([*FATES, "takes"], [*FATES.values(), 1 - sum(FATES.values())])
        if fate == "refuses":
            return b"452 no room just now\r\n", True
        if fate == "forgets":
            return b"", False
        [name] = re.findall(rb"^Message-ID: (.*?)\r\n", text, re.MULTILINE | re.IGNORECASE)
        self.taken[name.decode()].append((recipient, text))
        self.total += 1
        self.unthanked += 1
        self.on_taking(self.total)
        if self.chance.random() < DAWDLES:
            await asyncio.sleep(self.chance.random() * LONGEST)
        if fate == "takes and hangs up":
            return b"", False
        self.unthanked -= 1
        return b"250 taken\r\n", fate == "takes"

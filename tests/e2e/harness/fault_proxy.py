"""A TCP relay whose faults a scenario sets while it runs."""

import asyncio
import dataclasses
import socket
import struct
import threading

_BLOCK = 64 << 10
_TICK = 0.05  # seconds between two pieces of a trickle
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclasses.dataclass(frozen=True)
class Fault:
    """The fault on the path to the client. Bytes count for each connection, from the time when the fault was
    set."""
    delay: float = 0  # seconds before each block is forwarded
    cut: int | None = None  # closes both sides after this many bytes
    reset: int | None = None  # resets both sides after this many bytes
    corrupt: int | None = None  # flips the bits of the byte after this many
    trickle: int = 0  # forwards this many bytes every 20th of a second
    black_hole: bool = False  # forwards nothing in either direction, not even a close


class _Link:
    """One connection of a client, and the relay's connection to the server."""

    def __init__(self, client, server):
        self.client, self.server = client, server  # (reader, writer) each

    def close(self):
        for _, writer in (self.client, self.server):
            writer.close()

    def reset(self):
        for _, writer in (self.client, self.server):
            if not writer.is_closing():
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                                           _RESET_ON_CLOSE)
                writer.transport.abort()


class FaultProxy:
    """Relays from its own port to `port` of 127.0.0.1 until stop()."""

    def __init__(self, port: int):
        self._to = port
        self._fault = Fault()
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = self._call(self._listen())
        self.url = f"https://127.0.0.1:{self.port}"

    def set(self, **fault):
        """Replaces the previous fault, on existing and new connections."""
        self._call(self._change(Fault(**fault)))

    def heal(self):
        """Forwards the bytes that the last fault held back."""
        self.set()

    def connections(self) -> int:
        return len(self._links)

    def stop(self):
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _listen(self) -> int:
        self._changed = asyncio.Event()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def _change(self, fault: Fault):
        self._fault = fault
        self._changed.set()
        self._changed = asyncio.Event()

    async def _end(self):
        self._server.close()
        ours = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)
        for link in list(self._links):
            link.reset()

    async def _serve(self, reader, writer):
        try:
            server = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.close()
            return
        link = _Link((reader, writer), server)
        self._links.add(link)
        try:
            await asyncio.gather(self._pump(link, link.client, link.server, self._through),
                                 self._pump(link, link.server, link.client, self._spoilt))
        except (OSError, asyncio.CancelledError):
            link.reset()
        finally:
            link.close()
            self._links.discard(link)

    async def _pump(self, link, source, sink, passes):
        """Forwards until the source ends; `passes` returns the pieces to send, or None at the end."""
        seen, passed = None, 0
        while True:
            block = await source[0].read(_BLOCK)
            while self._fault.black_hole:
                await self._changed.wait()
            if not block:
                break
            while block:
                if seen is not self._fault:
                    seen, passed = self._fault, 0
                piece = await passes(link, seen, passed, block)
                if not piece:
                    return
                sink[1].write(piece)
                await sink[1].drain()
                passed += len(piece)
                block = block[len(piece):]
        if not sink[1].is_closing():
            sink[1].write_eof()

    async def _through(self, link, fault, passed, block):
        return block

    async def _spoilt(self, link, fault, passed, block):
        """The part of the block that may be forwarded now; None if the link has ended."""
        if fault.delay or fault.trickle:
            await self._pause(fault.delay or _TICK)
        if fault.trickle:
            block = block[:fault.trickle]
        for limit, end in ((fault.cut, link.close), (fault.reset, link.reset)):
            if limit is not None:
                block = block[:limit - passed]
                if not block:
                    end()
        if fault.corrupt is not None and passed <= fault.corrupt < passed + len(block):
            at = fault.corrupt - passed
            block = block[:at] + bytes([block[at] ^ 0xff]) + block[at + 1:]
        return block

    async def _pause(self, seconds: float):
        """Ends early if the fault is replaced meanwhile."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except asyncio.TimeoutError:
            pass

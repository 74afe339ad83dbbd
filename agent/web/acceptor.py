"""Accepts connections a few at a time, so that a burst of them does not hold up the event loop.

The event loops accept all that wait in one turn; a few hundred connections then keep everything
else waiting for a tenth of a second.
"""

import asyncio
import errno
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import structlog

from agent.webhooks.peer import peer_name

log = structlog.get_logger(__name__)

ACCEPTED_AT_ONCE: Final = 16
"""Connections accepted in one turn of the event loop, at each address."""
HANDSHAKE_TIMEOUT = 10.0
"""Seconds that a client has for the handshake of TLS."""
HANDSHAKES_OF_A_PEER: Final = 64
MOST_HANDSHAKES: Final = 512
"""Handshakes at once, of one client and of all."""
PAUSE_SECONDS = 1.0
"""Between two tries to accept while there are no file descriptors or no memory for it."""
_NO_ROOM: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Acceptor:
    """Accepts connections at some listening sockets.

    Args:
        sockets: Sockets that listen; they are closed by :meth:`close`.
        make: Makes the protocol of a connection.
        tls: Returns the TLS context for a new connection; ``None`` where it is not encrypted.
    """

    def __init__(
        self,
        sockets: list[socket.socket],
        make: Callable[[], asyncio.Protocol],
        tls: Callable[[], ssl.SSLContext | None] = lambda: None,
    ) -> None:
        self.sockets = sockets
        self._make = make
        self._tls = tls
        self._handshakes: Counter[str] = Counter()
        self._loop = asyncio.get_running_loop()
        self._starting: set[asyncio.Task[Any]] = set()
        self._pauses: dict[socket.socket, asyncio.TimerHandle] = {}
        for listening in sockets:
            listening.settimeout(0)
            self._resume(listening)

    def close(self) -> None:
        """Accept no more; connections that were accepted stay."""
        for pause in self._pauses.values():
            pause.cancel()
        for listening in self.sockets:
            self._loop.remove_reader(listening.fileno())
            listening.close()
        self.sockets = []

    def _resume(self, listening: socket.socket) -> None:
        self._pauses.pop(listening, None)
        self._loop.add_reader(listening.fileno(), self._accept_some, listening)

    def _accept_some(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
                self._pause(listening, error)
                return
            task = self._loop.create_task(self._start(accepted, peer_name(str(address[0]))))
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    def _pause(self, listening: socket.socket, error: OSError) -> None:
        log.warning("no_connection_accepted", error=error.strerror or str(error))
        self._loop.remove_reader(listening.fileno())
        self._pauses[listening] = self._loop.call_later(PAUSE_SECONDS, self._resume, listening)

    async def _start(self, accepted: socket.socket, peer: str) -> None:
        accepted.settimeout(0)
        context = self._tls()
        if context is not None and not self._has_room(peer):
            accepted.close()
            return
        self._handshakes[peer] += 1
        try:
            await self._loop.connect_accepted_socket(
                self._make,
                accepted,
                ssl=context,
                ssl_handshake_timeout=None if context is None else HANDSHAKE_TIMEOUT,
            )
        except (OSError, TimeoutError) as error:
            # Its client has gone away again, or speaks no TLS, or has no certificate.
            log.debug("connection_lost_at_start", error=str(error))
            accepted.close()
        finally:
            self._handshakes[peer] -= 1
            if not self._handshakes[peer]:
                del self._handshakes[peer]

    def _has_room(self, peer: str) -> bool:
        """Whether a handshake may begin: a connection is counted with others only after it."""
        return (
            self._handshakes[peer] < HANDSHAKES_OF_A_PEER
            and self._handshakes.total() < MOST_HANDSHAKES
        )


async def listening_sockets(host: str | None, port: int, backlog: int) -> list[socket.socket]:
    """Sockets that listen at every address of ``host``.

    Raises:
        OSError: when one of the addresses cannot be listened at.
    """
    found = await asyncio.get_running_loop().getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    sockets: list[socket.socket] = []
    try:
        for family, _type, _protocol, _name, address in dict.fromkeys(found):
            sockets.append(socket.create_server(address[:2], family=family, backlog=backlog))
    except OSError:
        for listening in sockets:
            listening.close()
        raise
    return sockets

"""Connections of clients: how many there are, and how long a silent one stays open.

aiohttp waits without end for the head of a request, and the system has a limited number of file
descriptors for clients, polls and the ledger together. So each connection has a deadline for
what it sends next, one peer has a limited number of connections, and where there is no room the
one that has been waiting for its client for longest makes way.
"""

import asyncio
import resource
import socket
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import Final, cast

from aiohttp import web

from agent.webhooks.peer import peer_name

HEAD_TIMEOUT = 10.0
"""Seconds from the connection, or from the first byte, to the end of a request's head."""
IDLE_TIMEOUT = 75.0
"""Seconds between two requests of one connection."""
MOST_OF_A_PEER = 256
"""Connections of one peer at once."""
_SHARE_OF_DESCRIPTORS = 2
_MOST = 4096
_UNSENT_TIMEOUT_MS: Final = 60_000
"""Milliseconds after which a client that accepts no more of a response is dropped."""


class Connections:
    """All open connections of clients.

    Args:
        most_of_a_peer: Connections of one peer at once.
        most: Connections at once; by default half of the process's file descriptors.
    """

    def __init__(self, most_of_a_peer: int = MOST_OF_A_PEER, most: int | None = None) -> None:
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        allowed = _MOST if descriptors < 0 else min(_MOST, descriptors // _SHARE_OF_DESCRIPTORS)
        self._most = allowed if most is None else most
        self._most_of_a_peer = most_of_a_peer
        self._by_transport: dict[asyncio.BaseTransport, ClientConnection] = {}
        self._by_peer: dict[str, int] = {}
        # In the order in which they began to wait for their clients.
        self._waiting: OrderedDict[ClientConnection, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_transport)

    def limited(
        self,
        make: Callable[[], asyncio.Protocol],
        is_welcome: Callable[[asyncio.Transport], bool] = lambda _transport: True,
    ) -> Callable[[], asyncio.Protocol]:
        """A factory of protocols like ``make``, whose connections are counted and time out.

        Those that ``is_welcome`` refuses are closed before anything is read from them.
        """
        return lambda: ClientConnection(self, make(), is_welcome)

    def begin_request(self, request: web.Request) -> None:
        """Note that the agent works on ``request``: its connection has no deadline meanwhile."""
        connection = self._of(request)
        if connection is not None:
            self._waiting.pop(connection, None)
            connection.set_deadline(None)

    def await_client(self, request: web.Request, seconds: float) -> None:
        """Note that the connection of ``request`` waits for its client, ``seconds`` at most.

        From now on it makes way where there is no room for others.
        """
        connection = self._of(request)
        if connection is not None:
            self._waiting[connection] = None
            connection.set_deadline(seconds)

    def _of(self, request: web.Request) -> "ClientConnection | None":
        transport = request.transport
        return None if transport is None else self._by_transport.get(transport)

    def admit(self, connection: "ClientConnection", transport: asyncio.Transport) -> bool:
        """Count a new connection; returns whether there is room for it."""
        peer = connection.peer
        if self._by_peer.get(peer, 0) >= self._most_of_a_peer and not self._make_room(peer):
            return False
        if len(self) >= self._most and not self._make_room():
            return False
        self._by_transport[transport] = connection
        self._by_peer[peer] = self._by_peer.get(peer, 0) + 1
        self._waiting[connection] = None
        return True

    def remove(self, connection: "ClientConnection", transport: asyncio.BaseTransport) -> None:
        """Remove a connection that is lost; one that was removed before is ignored."""
        if self._by_transport.pop(transport, None) is None:
            return
        self._waiting.pop(connection, None)
        self._by_peer[connection.peer] -= 1
        if not self._by_peer[connection.peer]:
            del self._by_peer[connection.peer]

    def _make_room(self, peer: str | None = None) -> bool:
        """Drop what has been waiting for longest, of all or of one ``peer``."""
        for connection in self._waiting:
            if peer in (None, connection.peer) and not connection.is_sending:
                connection.drop()
                return True
        return False


class ClientConnection(asyncio.Protocol):
    """One connection of a client, in front of the protocol that serves it."""

    def __init__(
        self,
        connections: Connections,
        served: asyncio.Protocol,
        is_welcome: Callable[[asyncio.Transport], bool] = lambda _transport: True,
    ) -> None:
        self.peer = ""
        self._is_welcome = is_welcome
        self._connections = connections
        self._served = served
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._is_between_requests = False

    def set_deadline(self, seconds: float | None) -> None:
        """Drop the connection in ``seconds`` unless another deadline is set; ``None``: never."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._is_between_requests = seconds is not None
        loop = asyncio.get_running_loop()
        self._deadline = None if seconds is None else loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        if self.is_sending:
            # A long response to a slow client; one that accepts nothing is dropped by the system.
            self.set_deadline(IDLE_TIMEOUT)
        else:
            self.drop()

    @property
    def is_sending(self) -> bool:
        """Whether part of a response has not been sent yet."""
        return self._transport is not None and self._transport.get_write_buffer_size() > 0

    def drop(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._connections.remove(self, self._transport)
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Serve the connection, or close it where there is no room for it."""
        # Not asserted: the transports of uvloop are no subclasses of those of asyncio.
        transport = cast("asyncio.Transport", transport)
        address = transport.get_extra_info("peername")
        self.peer = peer_name(str(address[0])) if address else ""
        if not self._is_welcome(transport) or not self._connections.admit(self, transport):
            transport.abort()
            return
        self._transport = transport
        _limit_unsent(transport)
        self._served.connection_made(transport)
        self._begin_head()

    def connection_lost(self, error: Exception | None) -> None:
        """Remove the connection, and tell the protocol that serves it."""
        if self._deadline is not None:
            self._deadline.cancel()
        if self._transport is not None:
            self._connections.remove(self, self._transport)
            self._served.connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Pass ``data`` on; the first bytes of a further request start the time for its head."""
        if self._transport is None:
            return
        if self._is_between_requests:
            self._begin_head()
        self._served.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass it on."""
        return None if self._transport is None else self._served.eof_received()

    def pause_writing(self) -> None:
        """Pass it on."""
        self._served.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._served.resume_writing()

    def _begin_head(self) -> None:
        self.set_deadline(HEAD_TIMEOUT)
        self._is_between_requests = False


def _limit_unsent(transport: asyncio.Transport) -> None:
    connection = transport.get_extra_info("socket")
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if connection is not None and option is not None:
        with suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, option, _UNSENT_TIMEOUT_MS)


CONNECTIONS: web.AppKey[Connections] = web.AppKey("connections", Connections)

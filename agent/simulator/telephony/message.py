"""SIP messages over UDP: read, answered and written (RFC 3261 §7)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

LARGEST: Final = 65_535
_MOST_HEADERS: Final = 200
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_CONTROL: Final = dict.fromkeys((*range(32), 127), " ")
_SHORT: Final = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "c": "content-type",
    "l": "content-length",
    "k": "supported",
}
_PHRASES: Final = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    183: "Session Progress",
    200: "OK",
    302: "Moved Temporarily",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    503: "Service Unavailable",
    603: "Decline",
}


@dataclass(frozen=True)
class Request:
    """A request as it was received."""

    method: str
    uri: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in order."""
    body: str

    def all(self, name: str) -> list[str]:
        """The values of a header, in order."""
        return [value for key, value in self.headers if key == name]

    def header(self, name: str) -> str:
        """The first value of a header; empty where there is none."""
        return next(iter(self.all(name)), "")

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.header("call-id")

    @property
    def branch(self) -> str:
        """The branch of the topmost Via: it names the transaction."""
        return parameter(self.header("via"), "branch")

    @property
    def user(self) -> str:
        """The user part of the request's URI: who is called."""
        scheme, _, rest = self.uri.partition(":")
        return rest.partition("@")[0].partition(";")[0] if scheme in {"sip", "sips", "tel"} else ""


def read(data: bytes) -> Request | None:
    """The request in a datagram; ``None`` where it is a response or no SIP.

    Whatever ends a line anywhere ends it here too: what is echoed holds no end of a line.
    """
    text = _LINE_END.sub("\n", data[:LARGEST].decode("utf-8", "replace"))
    head, _, body = text.partition("\n\n")
    first, *lines = head.split("\n", _MOST_HEADERS + 1)
    parts = first.split(" ")
    if len(parts) != 3 or parts[2] != "SIP/2.0":  # noqa: PLR2004 - method, URI, version
        return None
    headers = []
    for line in lines[:_MOST_HEADERS]:
        name, colon, value = line.partition(":")
        if colon:
            key = name.strip().lower()
            headers.append((_SHORT.get(key, key), value.translate(_CONTROL).strip()))
    method, uri = (part.translate(_CONTROL) for part in parts[:2])
    return Request(method, uri, tuple(headers), body)


def parameter(value: str, name: str) -> str:
    """A parameter of a header's value, behind the address; empty where there is none."""
    for part in value.rpartition(">")[2].split(";")[1:] if ">" in value else value.split(";")[1:]:
        key, _, content = part.strip().partition("=")
        if key.lower() == name:
            return content.strip('"')
    return ""


def respond(
    request: Request, status: int, tag: str, extra: Iterable[tuple[str, str]] = (), body: str = ""
) -> bytes:
    """A response to ``request`` (RFC 3261 §8.2.6)."""
    to = request.header("to")
    if status > 100 and tag and not parameter(to, "tag"):  # noqa: PLR2004 - 100 has no tag
        to = f"{to};tag={tag}"
    lines = [f"SIP/2.0 {status} {_PHRASES.get(status, 'Failure')}"]
    lines += [f"Via: {via}" for via in request.all("via")]
    lines += [f"Record-Route: {route}" for route in request.all("record-route")]
    lines += [f"From: {request.header('from')}", f"To: {to}", f"Call-ID: {request.call_id}"]
    lines += [f"CSeq: {request.header('cseq')}"]
    lines += [f"{name}: {value}" for name, value in extra]
    if body:
        lines.append("Content-Type: application/sdp")
    lines += [f"Content-Length: {len(body.encode())}", "", body]
    return "\r\n".join(lines).encode()


def request(first: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """A request without a body; ``first`` is ``METHOD URI``."""
    lines = [f"{first} SIP/2.0", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode()

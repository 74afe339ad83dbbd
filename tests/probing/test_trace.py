"""Messages of the network as it pleases: a call is followed, and nothing else is."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.probing.engine.protocol import LONGEST_MESSAGE, Sip
from agent.probing.engine.trace import (
    MOST_MESSAGES,
    CallTrace,
    address_in,
    ended,
    read_message,
    route_set,
    tag_of,
)

INVITE = """\
INVITE sip:4006220001@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKone
From: <sip:100@192.0.2.1>;tag=ours
To: <sip:4006220001@192.0.2.1>
Call-ID: ours
CSeq: 7 INVITE

"""


def received(first: str, *headers: str, method: str = "INVITE", call_id: str = "ours") -> Sip:
    lines = (first, f"Call-ID: {call_id}", f"CSeq: 7 {method}", *headers, "", "")
    return Sip(False, "127.0.0.1:5060", "192.0.2.1:5060", "\r\n".join(lines), 1.0)


def sent(text: str = INVITE) -> Sip:
    return Sip(True, "127.0.0.1:5060", "192.0.2.1:5060", text.replace("\n", "\r\n"), 0.0)


def following(*events: Sip) -> CallTrace:
    trace = CallTrace()
    for event in (sent(), *events):
        trace.add(event)
    return trace


OK = received("SIP/2.0 200 OK", "To: <sip:x@y>;tag=theirs", "Contact: <sip:here@192.0.2.2>")


def test_what_strangers_send_to_our_port_is_no_part_of_the_call() -> None:
    trace = following(
        received("SIP/2.0 404 Not Found", call_id="another"),
        received("SIP/2.0 200 OK", call_id="another"),
        OK,
        received("BYE sip:100@127.0.0.1 SIP/2.0", method="BYE", call_id="another"),
    )
    assert trace.signalling.status == 200
    assert not trace.dialog.is_over
    assert trace.dialog.answer is not None
    assert tag_of(trace.dialog.answer.header("to")) == "theirs"


def test_before_a_call_there_is_nothing_to_follow() -> None:
    trace = CallTrace()
    trace.add(received("SIP/2.0 486 Busy Here"))
    assert trace.signalling.status == 0


def test_a_network_that_talks_without_end_does_not_hide_the_answer() -> None:
    # 180 over and over, and then the answer: without it this would be "it only rang".
    ringing = [received(f"SIP/2.0 180 {number}") for number in range(2 * MOST_MESSAGES)]
    trace = following(*ringing, OK)
    assert trace.signalling.answered == 1.0
    assert trace.dialog.answer is not None
    assert len(trace.messages) == MOST_MESSAGES


def test_a_renewed_dialog_stays_answered() -> None:
    again = sent(INVITE.replace("192.0.2.1>\nCall", "192.0.2.1>;tag=theirs\nCall"))
    refused = received("SIP/2.0 491 Request Pending")
    trace = following(OK, again, refused)
    assert trace.dialog.answer is not None
    assert not trace.dialog.is_over
    assert trace.signalling.status == 200


@pytest.mark.parametrize(
    ("status", "is_over"), [(200, True), (481, True), (401, False), (407, False), (500, False)]
)
def test_which_answers_to_a_bye_end_the_call(status: int, is_over: bool) -> None:
    trace = following(OK, received(f"SIP/2.0 {status} So", method="BYE"))
    assert trace.dialog.is_over is is_over


def test_short_names_and_folded_lines_are_read() -> None:
    message = read_message(
        "SIP/2.0 200 OK\r\ni: one\r\nt: <sip:a@b>\r\n ;tag=c\r\nm: <sip:d@e>\r\nCSeq: 1 INVITE\r\n"
        "\r\nv=0"
    )
    assert message.header("call-id") == "one"
    assert tag_of(message.header("to")) == "c"
    assert address_in(message.header("contact")) == "sip:d@e"
    assert message.body == "v=0"


def test_routes_are_taken_in_reverse() -> None:
    message = read_message(
        "SIP/2.0 200 OK\r\nRecord-Route: <sip:a;lr>, <sip:b;lr>\r\nRecord-Route: <sip:c;lr>\r\n\r\n"
    )
    assert route_set(message) == ("<sip:c;lr>", "<sip:b;lr>", "<sip:a;lr>")


@pytest.mark.parametrize(
    ("contact", "host"),
    [
        ("<sip:13800001111@gw.example.net:5070;user=phone>", "gw.example.net"),
        ("<sip:13800001111;phone-context=x@192.0.2.9>", "192.0.2.9"),
        ("<sip:13800001111@[2001:db8::1]>", "[2001:db8::1]"),
        ("sip:gw", "gw"),
        ("<sip:13800001111>", ""),
        ("<sip:13800001111;user=phone>", ""),
        ("<sip:138.0000.1111>", ""),
        ("<tel:+8613800001111>", ""),
    ],
)
def test_where_a_call_was_sent_is_a_host_and_never_a_phone(contact: str, host: str) -> None:
    trace = following(received("SIP/2.0 302 Moved", f"Contact: {contact}"))
    assert trace.signalling.redirected_to == host


def test_a_phone_in_what_the_network_says_is_masked() -> None:
    reason = 'Reason: Q.850;cause=17;text="13800001111 is busy"'
    found = following(received("SIP/2.0 486 13800001111 is busy", reason)).signalling
    assert found.phrase == found.cause_text == "138****1111 is busy"
    assert found.cause == 17


SLOW = {
    "a cause that never comes": "Reason: " + "Q.850;" * 1300,
    "a contact of brackets": "Contact: " + "<" * 8000,
    "a contact of schemes": "Contact: " + "sip:" * 2000,
    "a tag that never comes": "To: >" + ";" * 8000,
    "blanks": "Reason: Q.850;cause" + " " * 8000,
    "headers": "a:\r\n" * 2000,
}


@pytest.mark.parametrize("line", SLOW.values(), ids=SLOW)
def test_no_message_takes_long_to_read(line: str) -> None:
    # A hundred of each: what takes the square of its length takes minutes.
    event = received("SIP/2.0 302 Moved", line)
    for _ in range(100):
        trace = following(event)
        assert trace.dialog.invite is not None
        address_in(read_message(event.text).header("contact"))


PIECES = st.sampled_from(
    [
        *("\r\n", "\n", "\r", "\r\n\r\n", ":", ";", "<", ">", ",", '"', " ", "\t", "\0", "\x85"),
        *("SIP/2.0 200 OK", "SIP/2.0 486 Busy", "SIP/2.0 ٢٠٠ OK", "BYE sip:a SIP/2.0", "INVITE "),
        *("CSeq: 7 INVITE", "CSeq: 7 BYE", "Call-ID: ours", "i: ours", "To: <sip:a>;tag=b"),
        *(
            "Reason: Q.850;cause=17",
            ';text="',
            "Contact: <sip:13812345678@192.0.2.9>",
            "Contact: <sip:13812345678>",
            "Record-Route: <a>",
        ),
    ]
)
MESSAGES = st.lists(PIECES | st.text(string.printable, max_size=8), max_size=30).map("".join)


@given(st.lists(st.tuples(st.booleans(), MESSAGES, st.floats(0, 100)), max_size=12))
@example([(False, "SIP/2.0 ٢٠٠ OK\r\nCSeq: 1 INVITE\r\nCall-ID: ours", 1.0)])
def test_whatever_is_received_is_followed_within_bounds(
    messages: list[tuple[bool, str, float]],
) -> None:
    trace = following(*(Sip(is_sent, "a:1", "b:2", text, at) for is_sent, text, at in messages))
    found = ended(trace, by_us=False, at=1.0)
    assert len(trace.messages) == len(messages) + 1
    assert found.status == 0 or 200 <= found.status < 700
    assert found.cause is None or 0 <= found.cause < 1000
    for text in (found.phrase, found.cause_text, found.redirected_to):
        assert text.isprintable()
        assert len(text) <= 253
    assert "13812345678" not in f"{found.redirected_to} {found.phrase} {found.cause_text}"
    for status in found.provisional:
        assert 100 <= status < 200
    invite, answer = trace.dialog.invite, trace.dialog.answer
    assert invite is not None
    for message in (invite, answer) if answer else (invite,):
        for _, value in message.headers:
            assert not set(value) & {"\r", "\n", "\0"}


@given(st.text(max_size=LONGEST_MESSAGE))
def test_any_text_is_read_as_a_message(text: str) -> None:
    message = read_message(text)
    assert len(message.headers) <= 100
    assert not any(set(value) & {"\r", "\n", "\0"} for _, value in message.headers)
    tag_of(text)
    address_in(text)
    route_set(message)

"""From a call that was placed to the facts that are stored of it."""

import json
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from agent.config.dial import Caller
from agent.masking import mask_text
from agent.model import AccountKey
from agent.probing.call import PlacedCall
from agent.probing.call_ledger import CallFile
from agent.probing.engine.client import CallRecord
from agent.probing.facts import Control, ProbeCall, Purpose
from agent.probing.outcome import SUCCESSFUL, CallOutcome
from agent.probing.prompt import wav_of

RECORDING: Final = "recording.wav"
TRACE: Final = "trace.json"


@dataclass(frozen=True)
class CallRequest:
    """A test call that somebody asks for."""

    number: str
    caller: str = ""
    """The caller of ``dial.callers``; the first where none is named."""
    purpose: Purpose = Purpose.MANUAL
    reference: str = ""
    """What it is made for: a plan, an acceptance or a ticket."""
    at_any_time: bool = False
    """Whether somebody asked for it outside the number's hours."""
    account: AccountKey | None = None
    """The account whose number it is, where several have it."""
    keep_recording: bool = False
    """Whether what is heard is stored where the call gets through, too."""
    id: str = field(default_factory=lambda: uuid4().hex, compare=False)
    """The id of the call."""


@dataclass(frozen=True)
class Made:
    """A call that was placed, with what is known beside it."""

    placed: PlacedCall
    request: CallRequest
    caller: Caller
    account: AccountKey | None
    at: float
    """When it began, epoch seconds."""
    id: str


def facts_of(made: Made, control: Control) -> ProbeCall:
    """What is stored of a call."""
    observation, judgement = made.placed.observation, made.placed.judgement
    signalling, reception = observation.signalling, observation.reception
    provider, account = made.account or ("", "")
    return ProbeCall(
        id=made.id,
        at=made.at,
        number=made.placed.number,
        caller=made.caller.name,
        outcome=judgement.outcome,
        provider=provider,
        account=account,
        confidence=judgement.confidence,
        purpose=made.request.purpose,
        reference=made.request.reference,
        control=control,
        evidence=judgement.evidence,
        prompt=judgement.prompt,
        prompt_confidence=judgement.prompt_confidence,
        words=mask_text(observation.early.words),
        sip_status=signalling.status,
        sip_phrase=signalling.phrase,
        q850_cause=signalling.cause,
        forwarded=signalling.is_forwarded,
        setup=signalling.setup,
        answered=signalling.answered,
        duration=signalling.duration,
        ended=signalling.ended.value,
        packets=reception.packets,
        lost=reception.lost,
        mos=made.placed.mos,
        carrier=made.caller.carrier,
        area=made.caller.area,
        kind=made.caller.kind,
    )


def control_says(outcome: CallOutcome) -> Control:
    """What a call of the control number says of its line."""
    if outcome is CallOutcome.UNKNOWN:
        return Control.UNKNOWN
    return Control.PASSED if outcome in SUCCESSFUL else Control.FAILED


def files_of(record: CallRecord) -> list[CallFile]:
    """The recording and the trace of a call, as files of its evidence."""
    trace = [{"at": it.at, "sent": it.sent, "message": it.text} for it in record.trace]
    files = [CallFile(TRACE, json.dumps(trace, ensure_ascii=False, indent=1).encode())]
    if pcm := record.early + record.talk:
        files.append(CallFile(RECORDING, wav_of(pcm)))
    return files

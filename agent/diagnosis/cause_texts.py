"""The texts about each cause for people: a title, the next steps, and questions.

Source: docs/reference/domain.md §2. A placeholder whose fact is unknown is shown as a dash.
"""

from collections.abc import Mapping
from typing import Final

from agent.diagnosis.account_texts import ACCOUNT_TEXTS, CauseText
from agent.i18n import Message
from agent.states import Cause

CAUSE_TEXTS: Final[Mapping[Cause, CauseText]] = {
    Cause.HEALTHY: CauseText(
        Message("In service"),
    ),
    Cause.MONITORING_BLIND: CauseText(
        Message("No fresh data"),
        (
            Message(
                "Look at why {account} cannot be polled: credentials, network, the provider's "
                "interface."
            ),
            Message("Do not conclude anything about {number} from this; dial it once by hand."),
        ),
        (Message("Does a test call to {number} get through?"),),
    ),
    Cause.PROVIDER_OUTAGE: CauseText(
        Message("Provider outage"),
        (
            Message("Open one fault with the provider ({contact}) for all affected numbers."),
            Message(
                "Ask for a cause, a time of restoration, and whether calls are affected or only "
                "the interface."
            ),
        ),
        (
            Message("Do calls to numbers of this provider get through?"),
            Message("Has the provider announced maintenance?"),
        ),
    ),
    Cause.CARRIER_OUTAGE: CauseText(
        Message("Carrier outage"),
        (
            Message(
                "Have the provider escalate to the base carrier; keep one ticket for all numbers."
            ),
        ),
        (Message("Do callers of every carrier fail, or only some?"),),
    ),
    Cause.NUMBER_SUSPENDED_ARREARS: CauseText(
        Message("Number suspended for arrears"),
        (
            Message(
                "Top up {account} now ({contact}); the number is reclaimed for good if it stays "
                "unpaid."
            ),
            Message("After payment ask the provider to resume {number}, then dial it."),
        ),
        (Message("When was the last payment made, and has it arrived at the provider?"),),
    ),
    Cause.NUMBER_SUSPENDED_VIOLATION: CauseText(
        Message("Number closed for a violation"),
        (
            Message("Ask the provider ({contact}) for the reason in writing: {reason}."),
            Message(
                "Compare the actual use of {number} with its registered use, correct it, and "
                "file for restoration."
            ),
        ),
        (
            Message("Is the number used by the applicant and for the registered purpose?"),
            Message("Were callbacks or marketing calls complained about?"),
        ),
    ),
    Cause.NUMBER_SUSPENDED_REQUESTED: CauseText(
        Message("Number suspended at the holder's request"),
        (
            Message(
                "Find out who asked for the suspension; if it is no longer wanted, ask the "
                "provider to resume {number}."
            ),
        ),
        (Message("Who requested the suspension, and until when?"),),
    ),
    Cause.NUMBER_EXPIRED: CauseText(
        Message("Contract expired"),
        (
            Message(
                "Renew the contract of {number} with the provider, then confirm that it is "
                "active again."
            ),
        ),
        (
            Message("Is the number still needed?"),
            Message("Are the licence and the registrant's papers still valid?"),
        ),
    ),
    Cause.NUMBER_FROZEN: CauseText(
        Message("Number frozen"),
        (
            Message(
                "Pay what is owed on {account} ({contact}) within the provider's grace period, "
                "then ask for the thaw of {number}."
            ),
        ),
        (Message("How long is the provider's grace period?"),),
    ),
    Cause.NUMBER_RECLAIMED: CauseText(
        Message("Number reclaimed or given up"),
        (
            Message(
                "Ask the provider ({contact}) at once whether {number} can still be restored; "
                "state there: {state}."
            ),
            Message("Announce another number to callers until then."),
        ),
        (
            Message("Was the number given up on purpose?"),
            Message("When was it last seen in service?"),
        ),
    ),
    **ACCOUNT_TEXTS,
    Cause.NUMBER_IN_REVIEW: CauseText(
        Message("Number not opened yet"),
        (
            Message(
                "Complete what the provider is waiting for (state: {state}, reason: {reason}), "
                "then ask for {number} to be opened."
            ),
        ),
        (Message("Which papers or payments are missing?"),),
    ),
    Cause.NUMBER_MARKED: CauseText(
        Message("Marked as a nuisance"),
        (
            Message(
                "{number} is marked as {tag} by {count} people: calls to it get through, calls "
                "back from it are refused. Ask the marking services to remove the mark, with the "
                "proof of the real-name registration."
            ),
            Message(
                "Ask the provider ({contact}) to have the company's name shown with the number, "
                "and call back from another one until the mark is gone."
            ),
        ),
        (
            Message("Who calls from this number, how often and at what hours?"),
            Message("Do handsets of other makers and carriers show the mark too?"),
        ),
    ),
    Cause.NETWORK_STATE_MISMATCH: CauseText(
        Message("Business and network state disagree"),
        (
            Message(
                "Report to the provider ({contact}): business state of {number} is {state}, "
                "network state is {network}; ask for the carrier's data to be corrected."
            ),
        ),
        (Message("Was the number opened, moved or resumed shortly before?"),),
    ),
    Cause.NO_BINDING: CauseText(
        Message("No phone bound"),
        (Message("Bind at least two phones behind {number} and dial it to confirm."),),
        (Message("Who removed the phones, and when?"),),
    ),
    Cause.SCHEDULE_CLOSED: CauseText(
        Message("Closed by schedule"),
        (Message("Check the opening hours of {number}: {detail}."),),
        (
            Message("Should the number be answered at this hour?"),
            Message("Is today a holiday or an adjusted workday?"),
        ),
    ),
    Cause.LIST_BLOCKS_CALLER: CauseText(
        Message("Caller is on the black list"),
        (
            Message(
                "Check the black list of {number}: {detail}; remove the entry if caller "
                "{caller} is wanted."
            ),
        ),
        (Message("Why was the caller put on the list?"),),
    ),
    Cause.WHITELIST_BLOCKS_CALLER: CauseText(
        Message("White list blocks the caller"),
        (Message("Switch the white list of {number} off, or add the caller: {detail}."),),
        (Message("Was the white list switched on intentionally?"),),
    ),
    Cause.REGION_BLOCKS_CALLER: CauseText(
        Message("Region rule blocks the caller"),
        (Message("Check the region rule of {number}: {detail}."),),
        (Message("Should callers of this area be served?"),),
    ),
    Cause.CONFIG_CHANGED: CauseText(
        Message("Configuration was changed"),
        (
            Message("Compare {number} with its baseline: {changes}."),
            Message(
                "Restore the last good configuration, or approve the new one if it is wanted; "
                "then dial the number."
            ),
        ),
        (Message("Who made the change, and was it intended?"),),
    ),
    Cause.BINDING_ARREARS: CauseText(
        Message("Bound phone suspended for arrears"),
        (
            Message(
                "Have the bill of {phone} (binding {binding}) paid at that phone's own carrier."
            ),
            Message("Until then put another phone in its place or first in order."),
        ),
        (Message("Does dialling {phone} directly say it is suspended?"),),
    ),
    Cause.BINDING_BARRED: CauseText(
        Message("Bound phone barred from incoming calls"),
        (
            Message(
                "Have the carrier of {phone} (binding {binding}) lift the barring of incoming "
                "calls."
            ),
        ),
        (Message("Did the holder order the barring?"),),
    ),
    Cause.BINDING_NONEXISTENT: CauseText(
        Message("Bound phone does not exist"),
        (Message("Replace {phone} (binding {binding}) by a phone that is in use."),),
        (Message("Was the phone given up, or mistyped when it was bound?"),),
    ),
    Cause.BINDING_OFF: CauseText(
        Message("Bound phone switched off"),
        (
            Message(
                "Ask the holder of {phone} (binding {binding}) to switch it on; add a second phone."
            ),
        ),
        (Message("Does the SIM work in another handset?"),),
    ),
    Cause.BINDING_OUT_OF_AREA: CauseText(
        Message("Bound phone out of coverage"),
        (
            Message(
                "Ask the holder of {phone} (binding {binding}) to move or switch networks; add "
                "a landline behind it."
            ),
        ),
        (
            Message("Does another SIM work at the same place?"),
            Message("Does this SIM work in another handset?"),
        ),
    ),
    Cause.BINDING_BUSY: CauseText(
        Message("Every bound phone is busy"),
        (Message("Add phones behind {number}, or ring them in turn with a longer wait."),),
        (Message("Is this the usual load, or an unusual peak?"),),
    ),
    Cause.BINDING_NO_ANSWER: CauseText(
        Message("Nobody answers"),
        (
            Message(
                "Ask the holder of {phone} (binding {binding}) to answer; compare the wait with "
                "how long it rings."
            ),
        ),
        (
            Message("Is the place staffed at this hour?"),
            Message("Does the phone ring audibly?"),
        ),
    ),
    Cause.BINDING_REJECTED: CauseText(
        Message("Bound phone rejects calls"),
        (
            Message(
                "Ask the holder of {phone} (binding {binding}) about call blocking apps and "
                "rejected calls."
            ),
        ),
        (Message("Is the 400 number blocked or marked on the handset?"),),
    ),
    Cause.BINDING_DND: CauseText(
        Message("Do not disturb is on"),
        (
            Message(
                "Ask the holder of {phone} (binding {binding}) to switch off do-not-disturb in "
                "working hours."
            ),
        ),
        (Message("Is do-not-disturb scheduled on the handset?"),),
    ),
    Cause.BINDING_FORWARDED: CauseText(
        Message("Bound phone is forwarded"),
        (
            Message(
                "Ask the holder of {phone} (binding {binding}) to cancel call forwarding, or "
                "bind the target itself."
            ),
        ),
        (Message("Where are the calls forwarded to, and can that phone be reached?"),),
    ),
    Cause.BINDING_UNREGISTERED: CauseText(
        Message("Bound phone is not filed"),
        (
            Message(
                "File {phone} (binding {binding}) with the provider, or replace it; phones "
                "abroad are not allowed."
            ),
        ),
        (Message("Is the phone owned by the applicant and registered under a real name?"),),
    ),
    Cause.CAPACITY_EXCEEDED: CauseText(
        Message("Too many calls at once"),
        (Message("Add lines or phones behind {number}."),),
        (Message("When do the peaks occur?"),),
    ),
    Cause.WAIT_TOO_SHORT: CauseText(
        Message("Wait too short"),
        (Message("Set a wait of at least 15 s per phone, 50 s for a single one."),),
        (Message("How long do people take to answer?"),),
    ),
    Cause.PROVIDER_LEG: CauseText(
        Message("Fault on the provider's transfer leg"),
        (
            Message(
                "Report to the provider ({contact}) with two failing calls: time, caller, "
                "prompt heard."
            ),
        ),
        (Message("Do direct calls to the bound phones work?"),),
    ),
    Cause.VOICE_QUALITY: CauseText(
        Message("Bad voice quality"),
        (
            Message(
                "Compare a direct call with one through {number}, and report the difference to "
                "the provider ({contact})."
            ),
        ),
        (Message("Is it bad in both directions?"),),
    ),
    Cause.UNKNOWN: CauseText(
        Message("Cause not known"),
        (
            Message("Dial {number} and every phone behind it directly, and note what is heard."),
            Message(
                "Report to the provider ({contact}): number, symptom, start, one or two failing "
                "callers, prompt heard; ask for escalation to the carrier."
            ),
        ),
        (
            Message("Which callers fail: one, one area, one carrier, or all?"),
            Message("What does the caller hear?"),
            Message("Since when, and all the time or now and then?"),
        ),
    ),
}

"""The sentences of a ticket's timeline, as the agent's decisions write them in English.

A timeline is stored in English and shown in the reader's language. So each sentence stands here
as a text with placeholders; ``agent/web/pages/timeline.py`` finds the one that a stored reason was
made from. A sentence that is missing here is shown as it is stored; a test compares the two.
"""

from typing import Final

from agent.i18n import Message

SENTENCES: Final = (
    # diagnosis
    Message("{cause}, for {party}, confidence {confidence}"),
    Message("{cause}, for {party}; before: {former}"),
    # opening, closing, flapping
    Message("{alerts} fires for it, explained by {why}"),
    Message("{alerts} fires, so the fault is watched again"),
    Message("{alerts} fires again {seconds} s after it was closed"),
    Message(
        "{alerts} fires on; {actor} closed it as {state}, so it is left alone until it is over"
    ),
    Message("{actor} closed it as {state} {seconds} s ago, and {why} still"),
    Message("the last episode, {ticket}, ended {seconds} s ago"),
    Message("{count} numbers share a cause: {alerts}"),
    Message("{count} phones share a cause: {alerts}"),
    Message("explained by {why}"),
    Message("its numbers are explained by {why}"),
    Message("its numbers have no cause in common: each has another one"),
    Message("it has another cause"),
    Message("the wider fault is over, this one is not"),
    Message("the wider fault is over"),
    Message("an alert's condition holds again"),
    Message("came back while held: {why}"),
    Message("data stopped coming, the ticket stays open: {why}"),
    Message("said to be restored {seconds} s ago and is not: {why}"),
    Message("raised from {severity} to {state}: {alerts}"),
    Message("lowered from {severity} to {state}: {alerts}"),
    Message(
        "the rule {alerts} is gone from the rule files, so nothing reports this fault any more;"
        " the ticket stays open until a person decides"
    ),
    Message("recovery verified and held"),
    Message("the same fault {count} times within 30 days"),
    Message("closed in {seconds} s unless it comes back"),
    Message("seen in {count} polls and held for {seconds} s, after coming back {times} times"),
    Message("seen in {count} polls and held for {seconds} s"),
    Message("{why}, seen in {count} polls"),
    Message("held for {seconds} s"),
    Message("restored: {why}"),
    Message("{why}, for {seconds} s"),
    # members and moves
    Message("{name} moved from {former} to {present}"),
    Message("ticket {ticket} is {name}'s"),
    Message("{names} lists {name} as well, and reports the same fault"),
    # clocks and severe faults
    Message("the machine's clock was set forward by {span}; no deadline is nearer by it"),
    Message("the machine's clock was set back by {span}; no deadline is nearer by it"),
    Message("the number is now of grade {grade}, it was {former}"),
    Message("{clock} ({grade}, {allowed}) was due {at}, {late} late"),
    Message("{clock} ({grade}, {allowed}) was due {at}, now"),
    Message("{clock} ({grade}): {percent} % of {allowed} used, {left} left, due {at}"),
    Message("notify {names}"),
    Message("a severe fault: unusable for more than {allowed}"),
    Message("a severe fault: {count} callers complained, and it goes on"),
    Message("not scored as a severe fault: {why}"),
    Message("the responsibility is not the customer's any more"),
    Message("nobody objected within {allowed} of the restoration"),
    Message("nothing has moved for {span}; reminder {count} of {total}"),
    Message("the visit agreed for {at} is in {span}"),
    # joint tests by test calls
    Message("it is repaired: the joint test is made by test calls"),
    Message("every test call got through: {names}"),
    Message("a test call did not get through: {names}"),
    Message("the test calls decide nothing, a person is to test: {names}"),
    Message("test calls wait: {names}"),
    # complaints
    Message("{name} by {caller} ({channel}), who heard “{prompt}”, and {count} more"),
    Message("{name} by {caller} ({channel}), who heard “{prompt}”"),
    Message("{name} by {caller} ({channel}), and {count} more"),
    Message("{name} by {caller} ({channel})"),
    Message("{repair}: {sink} has it as {status}"),
    # facts
    Message("{name} is not checked yet"),
    Message("no fresh {facts} of {name}"),
    Message("{name} is no longer listed at {account}"),
    Message("{name} is no longer watched"),
    Message("the agent's alert has ended"),
    Message("{name} is polled and the alert has ended"),
    Message("{count} numbers of {name} are down"),
    Message("the state of {name} is not known"),
    Message("the state of {name} is unknown"),
    Message("the states of {name} are not known"),
    Message("the states of {name} agree"),
    Message("the network state of {name} contradicts its business state"),
    Message("no phones of {name} are known"),
    Message("whether a phone behind {name} can be reached is not known"),
    Message("no phone behind {name} can be reached"),
    Message("a phone behind {name} can be reached"),
    Message("{phone} is no longer bound behind {name}"),
    Message("how many phones of {name} can be reached is not known"),
    Message("{count} of {total} phones behind {name} can be reached"),
    Message("the balance of {name} is not known"),
    Message("the balance is {amount}, which will not last a week"),
    Message("the balance is {amount}"),
    Message("the month's spend of {name} is not known"),
    Message("{name} has no spend cap"),
    Message("{share} of the cap spent"),
    Message("{sections} of {name} differ from the baseline"),
    Message("the whole configuration of {name} is not known"),
    Message("the configuration of {name} is the approved one"),
    Message("when the contract of {name} ends is not known"),
    Message("the contract of {name} ends soon"),
    Message("the contract of {name} runs on"),
    Message("{name} is not the account's any more"),
    Message("{name} is in service"),
    Message("when {name} is reclaimed is not known"),
    Message("{name} is reclaimed within a day"),
    Message("{name} is not reclaimed within a day"),
    Message("the real-name registration of {name} is not known"),
    Message("the real-name registration of {name} is not valid"),
    Message("the real-name registration of {name} is valid"),
    Message("whether {name} is marked is not known"),
    Message("{name} is marked as {state}"),
    Message("{name} is not marked as a nuisance"),
    Message("how many calls at once {name} has or may have is not known"),
    Message("{name} had {count} of at most {total} calls at once"),
    Message("what calls of {name} explain of its spend is not known"),
    Message("{name} spent {amount} in an hour, {total} are explained"),
    Message("{name} had no calls of late"),
    Message("what calls are usual for {name} is not known"),
    Message("{name} had {count} calls where at most {total} are usual"),
    Message("{name} has no more calls than are usual"),
    Message("{name} is not recorded"),
    Message("every recording of {name} is exported"),
    Message("when recordings of {name} are deleted is not known"),
    Message("a recording of {name} is deleted within three days"),
    Message("no recording of {name} is deleted within three days"),
    Message("{name} is not listed"),
    Message("{name} went from {former} to {state} within a day"),
    Message("{name} made no impossible move within a day"),
    Message("polls of {name} fail: {capabilities}"),
    Message("polls of {name} succeed"),
    # What several sentences end with comes last.
    Message("{alerts} fires"),
    Message("{symptom} of the {scope}"),
    Message("{names} and {count} more: {reason}"),
    Message("{names}: {reason}"),
    Message("{name} is {state}"),
)
"""The agent's sentences; those that match more than their own come last."""

SENTENCES_OF_SYSTEMS: Final = (
    Message("{status} there, which no callback reported"),
    Message("moved to {status} by {actor}; not followed here: {why}"),
)
"""The sentences that the agent writes in the name of a ticket system."""

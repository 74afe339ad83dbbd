"""The sentences of which the details of failed polls are composed, each a form with its values.

Who raises a ``ProviderError`` writes one of these, behind what it is about and a colon; several
are separated by semicolons. A test finds every sentence in the code that has no form here.
"""

from typing import Final

from agent.i18n.message import N_

_NETWORK: Final = (
    N_("no whole answer in time"),
    N_("the address is private or local"),
    N_("list its network under egress_allow"),
    N_("the address is not an http URL"),
    N_("the name does not resolve"),
    N_("the server's certificate has expired"),
    N_("the TLS handshake failed"),
    N_("the body does not decompress"),
    N_("the connection was reset"),
    N_("the server hung up"),
    N_("the body ended early"),
    N_("no connection"),
    N_("the answer is not HTTP"),
    N_("the body's encoding is neither gzip nor deflate"),
    N_("the body is larger than {limit} bytes"),
    N_("neither UTF-8 nor GB18030 text"),
    N_("the next page's link leads away from the provider"),
)
_JSON: Final = (
    N_("one answer has more than {limit} {what}"),
    N_("nested deeper than {limit}"),
    N_("an object has the same key twice"),
    N_("NaN or Infinity is not a JSON number"),
    N_("a number is too large"),
    N_("not JSON at character {n}"),
)
_LIMITS: Final = (
    N_("reading the answers took more than {limit} s of processor time"),
    N_("polling.{key} sets the limit"),
    N_("polling.{key} and polling.{field} set the limits"),
    N_("{count} records or more, at most {limit} are read"),
    N_("more than {limit} records"),
    N_("more than {limit} records in one message"),
    N_("one record holds more than {limit} others"),
    N_("more than {limit} pages"),
    N_("the account has {count} {what}, more than {limit}"),
    N_("the answers of the poll have {count} bytes, more than {limit}"),
    N_("{count} call records are of too many numbers or phones"),
)
_POLLING: Final = (
    N_("the answers are {seconds} s old by their own Date or Age, facts are too old after {n} s"),
    N_("the listing shrank from {before} numbers to {after}"),
    N_("not accepted until seen {n} times in a row ({count} so far)"),
    N_("the answer could not be merged: {error}"),
    N_("the adapter could not read it: {error}"),
    N_("cancelled, it did not end by itself"),
    N_("another replica polls the account now"),
    N_("the account's numbers are not known yet"),
    N_("the provider turned requests away and asked for a pause, {seconds} s of it left"),
    N_("the poll's time is over"),
    N_("no complete answer within {seconds} s"),
    N_("not polled again before {at}"),
)
_PAGES: Final = (
    N_("the listing is truncated: its answer says there is more"),
    N_("the listing is truncated: there is more, but no next page"),
    N_("the listing is truncated: the provider gives {limit} pages at most"),
    N_("the same next page came twice"),
    N_("an empty page in the middle"),
    N_("a page came twice"),
    N_("a record came twice"),
    N_("the total changed while the pages were read"),
    N_("the number of pages changed while they were read"),
    N_("{count} records of {total}"),
    N_("{detail}, for its own next page"),
)
_ANSWERS: Final = (
    N_("no records at {where}"),
    N_("no count at {where}"),
    N_("no switch at {where}"),
    N_("no next page at {where}"),
    N_("no code at {where}"),
    N_("no token at {where}"),
    N_("the token at {where} is no printable text"),
    N_("keys there: {keys}"),
    N_("it is {shape}, expected {expected}"),
    N_("{count} of {total} records {what}"),
    N_("no record of a page fits the profile"),
    N_("no usable record in the answer"),
    N_(
        "{count} records for one number, expected one, or number: PATH among the fields where they "
        "are of several"
    ),
    N_("{count} balances"),
    N_("{count} balances, expected one"),
    N_("{detail}, expected one"),
    N_("AvailableAmount is no amount of money"),
    N_("{field} is {shape}, expected {expected}"),
    N_("{field} is no list of objects"),
    N_("a record has no PhoneNum or no EndTime"),
    N_("record {place}: {field} is missing at {where}"),
    N_("record {place}: {field} is missing at {where}, expected {expected}"),
    N_("record {place}: {field} is {shape} at {where}, expected {expected}"),
    N_("record {place}: is {shape}, expected an object"),
    N_("record {place}: its list is {shape} at {where}, expected {expected}"),
    N_("record {place}: its list is missing at {where}, expected {expected}"),
    N_("record {place}: a filter: is {shape} at {where}, expected {expected}"),
    N_("record {place}: a filter: is missing at {where}, expected {expected}"),
    N_("record {place}: holds a text that is not JSON where the profile has @json"),
    N_("the answer has no object Response"),
    N_("the answer {problem}"),
)
_REQUESTS: Final = (
    N_("cannot be signed: {reason}"),
    N_("cannot be filled in: {reason}"),
    N_("Kamailio says {message}"),
    N_("configuration error: Kamailio says {message}"),
    N_("configuration error: no table {table}, set the option location"),
    N_("is no JSON-RPC answer"),
    N_("base_url must lead to jsonrpc_dispatch()"),
    N_("load the module that has it (usrloc, dispatcher) in kamailio.cfg"),
    N_("set the option location to the table that save() names"),
    N_("usrloc has use_domain: write extensions as user@domain"),
)
FORMS: Final = (*_NETWORK, *_JSON, *_LIMITS, *_POLLING, *_PAGES, *_ANSWERS, *_REQUESTS)
"""Every sentence."""

_SHAPES: Final = (
    N_("a text of {n} characters"),
    N_("a list of {n}"),
    N_("an object of {n} keys"),
    N_("true or false"),
    N_("a number"),
    N_("missing"),
)
_EXPECTED: Final = (
    N_("an object"),
    N_("a list"),
    N_("a list of at most {limit}"),
    N_("a text"),
    N_("a phone"),
    N_("a count"),
    N_("seconds"),
    N_("an amount such as 12.50"),
    N_("a day or time such as {example}"),
    N_("a time such as {example}"),
    N_("an address such as {example}"),
    N_("a code of ISO 4217 such as CNY"),
    N_("seconds or milliseconds since 1970"),
    N_("milliseconds since 1970"),
    N_("seconds since 1970"),
    N_("up to 128 printable characters"),
    N_("a whole number"),
    N_("a telephone number"),
    N_("what the converter {field} takes"),
    N_("a text, which split takes apart"),
    N_("a value to decide by"),
)
_PROBLEMS: Final = (
    N_("is no list"),
    N_("has no state"),
    N_("has no list {field}"),
    N_("has no {field}"),
    N_("has an endpoint without technology or resource"),
    N_("has a target without URI or FLAGS"),
    N_("has a contact whose Expires is {value}"),
    N_("a value cannot be encoded"),
    N_("do not fit"),
    N_("do not fit the profile"),
    N_("are not as described"),
)
_COUNTED: Final = (
    N_("objects and lists"),
    N_("values"),
    N_("nested records"),
    N_("numbers"),
    N_("bound phones"),
    N_("bytes of bound phones and routings"),
    N_("time series"),
)
VALUES: Final = (*_SHAPES, *_EXPECTED, *_PROBLEMS, *_COUNTED)
"""What stands in the placeholders of sentences."""

"""What a person can do about a failed poll, by its reason."""

from agent.states import PollFailure

ADVICE: dict[PollFailure, str] = {
    PollFailure.TIMEOUT: "see whether the provider is slow; raise polling.timeout if it always is",
    PollFailure.DNS: "check base_url and this machine's name server",
    PollFailure.CONNECT: "check base_url, the firewall and whether the provider is up",
    PollFailure.TLS: "check base_url; for a private authority name its certificate in ca_file",
    PollFailure.TLS_EXPIRED: "tell the provider that its certificate has expired",
    PollFailure.REDIRECT: "set base_url to the address the provider redirects to, if it is right",
    PollFailure.TOO_LARGE: "ask for smaller pages in the profile, or raise polling.max_body",
    PollFailure.ENCODING: "tell the provider that its compression is broken or not standard",
    PollFailure.CHARSET: "tell the provider which charset its answers must name",
    PollFailure.DECODE: "look at what stands between here and the provider; it did not send JSON",
    PollFailure.SCHEMA: "compare the profile with the provider's documentation",
    PollFailure.API_ERROR: "look up the provider's error code",
    PollFailure.AUTH: "check the account's credentials, its permissions and this machine's clock",
    PollFailure.RATE_LIMITED: "lower polling.rate or poll less often",
    PollFailure.HTTP_4XX: "check base_url and the profile's paths",
    PollFailure.HTTP_5XX: "wait; if it lasts, tell the provider",
    PollFailure.PAGINATION: "check the profile's paging; raise polling.max_pages for long listings",
    PollFailure.PARTIAL: "poll again; if it lasts, ask the provider where the numbers went",
    PollFailure.EGRESS_DENIED: "if the address is right, add its network to egress_allow",
    PollFailure.CANCELLED: "poll again; the agent was stopped",
}

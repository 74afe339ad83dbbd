"""How deliveries to a sink go since the agent has started, for whoever looks after them."""

import msgspec


class DeliveryStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the deliveries to one sink. Times are epoch seconds."""

    sink: str
    is_held: bool = False
    """Whether the system refuses the settings of the sink: nothing goes out until they change."""
    is_down: bool = False
    """Whether the system takes nothing, and is only probed."""
    failures: int = 0
    """Failed attempts since the last delivery that was accepted."""
    accepted_at: float | None = None
    """When the newest delivery was accepted; ``None`` where none was."""
    failure: str = ""
    """The reason of the newest failure (:class:`agent.sinks.base.SinkFailure`)."""
    detail: str = ""
    """The same in one sentence, without secrets."""
    failed_at: float | None = None
    paused_until: float | None = None
    """When the next attempt may be made, where one has to wait."""

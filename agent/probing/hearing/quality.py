"""How good a call sounded at our end, by what its packets say.

The E-model of ITU-T G.107 with its default values: an ideal narrowband call has a rating of 93.2,
from which delay and loss are taken. It sees our own leg only, never the far phone's microphone.
"""

from dataclasses import dataclass
from typing import Final

_IDEAL: Final = 93.2
_WORST_LOSS: Final = 95.0
_LATE: Final = 177.3
"""Milliseconds of delay in one direction from which talking becomes difficult."""
_CODEC_DELAY: Final = 20.0
_MOS_OF_IDEAL: Final = 4.5

_ROBUSTNESS: Final = {"PCMA": 25.1, "PCMU": 25.1, "G722": 25.1, "G729": 19.0}
"""How well a codec with concealment bears loss (ITU-T G.113, appendix I)."""
_IMPAIRMENT: Final = {"G729": 11.0}
"""What a codec itself takes away (ITU-T G.113, appendix I)."""


@dataclass(frozen=True)
class Reception:
    """What was received in a call, as the engine counted it."""

    packets: int = 0
    """RTP packets received."""
    lost: int = 0
    """RTP packets that did not arrive."""
    sent: int = 0
    """RTP packets sent."""
    jitter: float = 0.0
    """Milliseconds."""
    round_trip: float = 0.0
    """Milliseconds; 0 where no report of the far end was received."""
    codec: str = "PCMA"

    @property
    def loss(self) -> float:
        """The share of packets lost, from 0 to 1."""
        expected = self.packets + self.lost
        return self.lost / expected if expected else 0.0


def mean_opinion_score(reception: Reception) -> float | None:
    """The MOS, from 1 to 4.5; ``None`` where nothing was received, which is no quality at all."""
    if not reception.packets:
        return None
    return opinion_of_rating(transmission_rating(reception))


def transmission_rating(reception: Reception) -> float:
    """The rating R of ITU-T G.107 §7, from 0 to 93.2."""
    delay = reception.round_trip / 2 + 2 * reception.jitter + _CODEC_DELAY
    of_delay = 0.024 * delay + 0.11 * max(0.0, delay - _LATE)
    codec = reception.codec.upper()
    itself = _IMPAIRMENT.get(codec, 0.0)
    percent = 100 * reception.loss
    # Without a named codec's figure, the one of plain PCM without concealment: the worst.
    robustness = _ROBUSTNESS.get(codec, 4.3)
    of_loss = itself + (_WORST_LOSS - itself) * percent / (percent + robustness)
    return min(_IDEAL, max(0.0, _IDEAL - of_delay - of_loss))


def opinion_of_rating(rating: float) -> float:
    """The mean opinion score of a rating (ITU-T G.107, annex B)."""
    if rating <= 0:
        return 1.0
    if rating >= 100:  # noqa: PLR2004 - the end of the scale
        return _MOS_OF_IDEAL
    score = 1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating)
    return min(_MOS_OF_IDEAL, max(1.0, score))

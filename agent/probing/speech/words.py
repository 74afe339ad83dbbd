"""Words that a machine wrote down: as they may be shown, and the announcement that they are.

They are somebody else's text, and a machine may have misheard it.
"""

import re
from typing import Final

from agent.announcement_words import ANNOUNCEMENTS
from agent.masking import mask_text
from agent.net.scrub import scrub

LONGEST: Final = 500
"""Characters of a transcript; an announcement of half a minute has about 150 in Chinese."""
_HAN: Final = r"[\u3400-\u9fff\uf900-\ufaff，。、？！；：]"
_BETWEEN_HAN: Final = re.compile(rf"(?<={_HAN}) +(?={_HAN})")
_LEAST_DIGITS: Final = 7
_SPOKEN: Final = "zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple"
_SPOKEN_NUMBER: Final = re.compile(
    rf"(?:\b(?:{_SPOKEN})\b[\s,.-]*){{{_LEAST_DIGITS},}}"
    rf"|(?:[零〇幺一二三四五六七八九两][\s,，、]*){{{_LEAST_DIGITS},}}",
    re.IGNORECASE,
)
CONFIDENCE: Final = 0.8
"""How certain an announcement is whose words a machine wrote down; fingerprints are more so."""
_FEWEST: Final = 5
"""Words, and Chinese characters, of the shortest announcement; fewer are a piece of one, or
chance."""
_WORD: Final = re.compile(r"[\u3400-\u9fff]|[A-Za-z']+")
_PATTERNS: Final = tuple(
    (name, re.compile(pattern, re.IGNORECASE)) for name, pattern in ANNOUNCEMENTS.items()
)
_SIMPLIFIED: Final = str.maketrans(
    "號碼機費暫務關無區聽網絡線絕餘額權電話撥為間營業時內沒斷響應鍵戶統誤訊異佔",
    "号码机费暂务关无区听网络线绝余额权电话拨为间营业时内没断响应键户统误讯异占",
)
"""Whisper writes Chinese in either script."""


def presentable(words: str) -> str:
    """``words`` on one line, bounded, without control characters, with spoken phones masked.

    Some models put a space between Chinese characters; there it is removed.
    """
    text = scrub(words.replace("\n", " "), LONGEST).strip()
    text = _BETWEEN_HAN.sub("", re.sub(r"\s+", " ", text))
    return mask_text(_SPOKEN_NUMBER.sub("*******", text))


def announcement_in(words: str) -> str:
    """The name of the announcement that ``words`` are; empty for none, and for several.

    Words that are part of other words count for those alone: a busy network is no busy phone.
    """
    text = words.translate(_SIMPLIFIED)
    if len(_WORD.findall(text)) < _FEWEST:
        return ""
    found = [(it.span(), name) for name, each in _PATTERNS for it in each.finditer(text)]
    names = {
        name
        for (start, end), name in found
        if not any(
            other != name and first <= start and end <= last and last - first > end - start
            for (first, last), other in found
        )
    }
    return names.pop() if len(names) == 1 else ""

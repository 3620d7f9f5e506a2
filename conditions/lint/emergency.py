"""Checks of a page's words about emergencies: one number, and a card with the signs that call for it."""

import re
from collections.abc import Iterator

from conditions.composing import Content
from conditions.lint import reading
from conditions.lint.findings import CheckedPart, Finding

# Numbers for an ambulance, and where. GOV.UK foreign travel advice, "Emergency services in …"; ITU-T E.161.1 names 112
# and 911 as the two to choose from.
NUMBERS = {
    "000": "Australia",
    "061": "parts of Spain",
    "101": "Israel",
    "103": "Ukraine and countries near it",
    "107": "Argentina",
    "108": "India",
    "111": "New Zealand",
    "112": "the European Union",
    "115": "Iran and Vietnam",
    "118": "Italy",
    "119": "Japan and South Korea",
    "120": "China",
    "123": "Egypt and Colombia",
    "131": "Chile",
    "140": "Lebanon",
    "144": "Switzerland and Austria",
    "15": "France",
    "155": "Czechia",
    "166": "Greece",
    "192": "Brazil",
    "194": "Serbia and Croatia",
    "911": "the United States and Canada",
    "995": "Singapore",
    "997": "Saudi Arabia",
    "998": "the United Arab Emirates",
    "999": "the United Kingdom and Ireland",
    "1122": "Pakistan",
    "1669": "Thailand",
    "10177": "South Africa",
}
# Known everywhere, and seldom a count of something: found in any sentence about calling for help.
FAMOUS = {"000", "111", "112", "911", "999"}
# Short numbers beside a country's emergency number that are for less: NHS 111 and the police's 101; 811 and 988 in
# North America.
OTHER_LINES = {"999": {"101", "111"}, "911": {"811", "988"}}

DIGITS = re.compile(r"(?<![\d.,£$€+-])\d+(?:[ -]\d+)*(?![\d%]|[.,]\d)")
CALLED = re.compile(
    r"\b(?:call|ring|dial|phone|telephone|ambulance|emergency (?:number|services?))(?:ing)?"
    r"(?:,? (?:on|is|the number|number|either|us on|for help on)){0,2}:?\s*[“\"(]?$",
    re.IGNORECASE,
)
ABOUT_HELP = re.compile(r"\b(?:call|calling|ring|dial|phone|telephone|ambulance|emergency)\b", re.IGNORECASE)
COUNTED = re.compile(
    r"\s*(?:°|(?:hours?|days?|weeks?|months?|years?|minutes?|mins?|seconds?|times|people|patients|children|adults|cases"
    r"|doctors|mg|ml|mm|cm|g|kg|beats|steps|of)\b)",
    re.IGNORECASE,
)
URGENT = re.compile(
    r"(?<!not an )(?<!non-)\b(?:emergenc(?:y|ies)|ambulance|straight away|life-threatening)\b|\bA&E\b", re.IGNORECASE
)
MAX_DIGITS = 5  # a number with more is an ordinary telephone number
MAX_SIGNS = 8


def other_numbers(part: CheckedPart, own: str) -> Iterator[Finding]:
    """Numbers to call for help that are not the clinic's emergency number `own`: of two a reader may try the wrong."""
    own_digits = _digits(own)
    for number, words in _numbers_to_call(part):
        if number == own_digits or number in OTHER_LINES.get(own_digits, ()):
            continue
        if number in NUMBERS:
            yield part.must(
                f"{number} is the emergency number of {NUMBERS[number]}. The care cards here say {own}.",
                "Leave the number out and link to “/emergency-help/”, which always shows the right one.",
                words,
            )
        else:
            yield part.look(
                f"The text says to call {number}, and the emergency number here is {own}.",
                "Check the number, and say whose it is.",
                words,
            )


def _numbers_to_call(part: CheckedPart) -> Iterator[tuple[str, str]]:
    """Short telephone numbers that a part says to call, each with its sentence."""
    for link in part.links:
        if link.href.startswith("tel:") and 2 <= len(number := _digits(link.href)) <= MAX_DIGITS:
            yield number, link.text
    for block in part.blocks:
        for sentence in reading.sentences(block.text):
            yield from ((number, sentence) for number in _numbers_in(sentence))


def _numbers_in(sentence: str) -> Iterator[str]:
    """Short numbers to call. One before “days” or “people” is a count; of “911 24 hours a day” the first is meant."""
    for match in DIGITS.finditer(sentence):
        digits, groups = _digits(match.group()), re.split("[ -]", match.group())
        if len(digits) > MAX_DIGITS or (len(groups) == 1 and COUNTED.match(sentence, match.end())):
            continue
        number = digits if digits in NUMBERS else groups[0]
        before, after = sentence[max(0, match.start() - 60) : match.start()], sentence[match.end() : match.end() + 60]
        called = CALLED.search(before) and (number in NUMBERS or len(number) > 2)
        if called or (number in FAMOUS and ABOUT_HELP.search(f"{before} {after}")):
            yield number


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def care_card(content: Content, parts: list[CheckedPart], own: str) -> Iterator[Finding]:
    """The card completes “Call … now if:” with a few signs (NHS service manual, care cards)."""
    card = next(part for part in parts if part.where == "care-card")
    signs = content["care_signs"]
    if not signs:
        yield from _no_card(card, parts)
    if len(signs) > MAX_SIGNS:
        yield card.look(
            f"The card has {len(signs)} signs.",
            f"Keep the ones that cannot wait, {MAX_SIGNS} at most: a frightened reader takes in few.",
        )
    for sign in signs:
        if re.match(r"call\b|[A-Z][a-z]+\b", sign):
            yield card.look(
                f"This sign does not complete “Call {own} now if:”.",
                "Begin it with a small letter, such as “you have …”.",
                sign,
            )
        if sign.endswith((".", ";", ",")):
            yield card.look(
                "This sign ends with a mark.", "Leave the mark out: each sign is one line of a list.", sign
            )
        if re.search(rf"(?<!\d){re.escape(own)}(?!\d)", sign):
            yield card.look(f"This sign says {own}, as the card’s heading does.", "Leave the number out.", sign)


def _no_card(card: CheckedPart, parts: list[CheckedPart]) -> Iterator[Finding]:
    said = (sentence for part in parts for block in part.blocks for sentence in reading.sentences(block.text))
    urgent = next(filter(URGENT.search, said), None)
    if urgent:
        yield card.must(
            "The text speaks of an emergency, and the page has no care card.",
            "Write the signs that mean “call now” into the care card, where nobody can miss them.",
            urgent,
        )
    else:
        yield card.look(
            "The page has no care card.",
            "Ask a clinician whether anything about this can be an emergency. If nothing can, leave it so.",
        )

"""Checks of any text: how hard it is to read, its headings, its links, and words that promise or blame."""

import re
from collections.abc import Iterator
from itertools import pairwise

from conditions.lint import reading
from conditions.lint.findings import CheckedPart, Finding

# NHS service manual, "How we write": up to 20 words in a sentence, up to 3 sentences in a paragraph, and a reading age
# of 9 to 11, or of 11 to 14 where medicine makes that impossible. A grade is about the age less five.
MAX_SENTENCE_WORDS = 20
MAX_PARAGRAPH_SENTENCES = 3
HARD_GRADE, TOO_HARD_GRADE = 7, 9
MIN_MEASURED_WORDS = 30  # to measure: in fewer, one long word decides the grade

# WCAG 2.2, 2.4.4 and 2.4.9: a link says by itself where it leads.
VAGUE = re.compile(
    r"(?:(?:click|see|read|go|look) )?here|click|this|more|(?:read|see|learn|find out) more|more info(?:rmation)?"
    r"|details|(?:this )?(?:link|page|site|website)|download|continue"
)
ADDRESS = re.compile(r"https?://\S*|www\.\S*|[\w-]+(?:\.[\w-]+)+(?:/\S*)?", re.IGNORECASE)
WHOLE_ADDRESS = re.compile(r"https?://|mailto:|tel:|/|#", re.IGNORECASE)

PROMISE = re.compile(
    r"\b(?:always (?:cures?|works?|helps?|heals?)|(?:completely|totally|perfectly|absolutely) (?:safe|harmless|cured)"
    r"|100 ?(?:%|per ?cent) (?:safe|effective|certain|sure|cured|successful|reliable)|guarantee[sd]?|risk-free"
    r"|no (?:risks?|side[ -]effects)|never fails?|miracles?|will (?:definitely|certainly)"
    r"|cures (?:everyone|everybody|all))\b",
    re.IGNORECASE,
)
NOT = re.compile(r"\b(?:no|not|nobody|none|nothing|never|cannot|rarely|without)\b|n[’']t\b", re.IGNORECASE)

# NHS service manual, "Inclusive content"; NHS England, "Language matters" (2018).
BLAME = re.compile(
    r"\b(?:suffer(?:s|ed|ing)? from|sufferers?|victims?|complain(?:s|ed|ing)? of|non-?complian(?:t|ce)|poor compliance"
    r"|refuse[sd]? (?:treatment|care|medicines?|to)|fail(?:s|ed)? to (?:attend|take|follow|respond)|failed treatment"
    r"|your own fault|brought (?:it|this) on|self-inflicted|lazy)\b",
    re.IGNORECASE,
)


def reading_level(part: CheckedPart) -> Iterator[Finding]:
    texts = [block.text for block in part.blocks if block.tag not in {"alt", "sign"}]
    if sum(len(text.split()) for text in texts) < MIN_MEASURED_WORDS:
        return
    grade = reading.grade_of(texts)
    if grade > HARD_GRADE:
        longest = max(
            (sentence for text in texts for sentence in reading.sentences(text)), key=lambda text: len(text.split())
        )
        say = part.must if grade > TOO_HARD_GRADE else part.look
        yield say(
            f"This reads at the level of a {min(round(grade) + 5, 20)}-year-old.",
            "Aim for what a child of 9 to 11 can follow. Start with the longest sentences and the longest words.",
            longest,
        )


def long_sentences(part: CheckedPart) -> Iterator[Finding]:
    for block in part.blocks:
        for sentence in reading.sentences(block.text) if block.tag != "alt" else []:
            if (count := len(sentence.split())) > MAX_SENTENCE_WORDS:
                yield part.look(
                    f"This sentence has {count} words.",
                    f"Make two of it: up to {MAX_SENTENCE_WORDS} words are easy to follow.",
                    sentence,
                )


def long_paragraphs(part: CheckedPart) -> Iterator[Finding]:
    for block in part.blocks:
        if block.tag == "p" and (count := len(reading.sentences(block.text))) > MAX_PARAGRAPH_SENTENCES:
            yield part.look(
                f"This paragraph has {count} sentences.",
                f"Start a new paragraph: up to {MAX_PARAGRAPH_SENTENCES} sentences keep it light.",
                block.text,
            )


def heading_order(part: CheckedPart) -> Iterator[Finding]:
    """A heading is one level below the one that it belongs to (WCAG 2.2, 1.3.1). A question is a level 3 heading."""
    above = part.level
    for block in part.blocks:
        if block.tag not in reading.HEADINGS:
            continue
        level = int(block.tag[1])
        if level > above + 1:
            yield part.look(
                f"A heading of level {level} stands here without one of level {level - 1} above it.",
                f"Make it a heading of level {level - 1}.",
                block.text,
            )
        elif level <= part.level:
            yield part.look(
                "This heading looks like the next question.",
                f"Make it a heading of level {part.level + 1}, or a question of its own.",
                block.text,
            )
        above = level


def heading_words(part: CheckedPart) -> Iterator[Finding]:
    headings = [block.text for block in part.blocks if block.tag in reading.HEADINGS]
    for heading in [part.heading, *headings]:
        if heading.isupper() and sum(map(str.isalpha, heading)) > 4:
            yield part.look(
                "A heading is all in capitals.", "Write it as a sentence: that is easier to read.", heading
            )
    if headings and part.blocks[0].text == headings[0] and _same(headings[0], part.heading):
        yield part.look("The heading is said twice.", "Take out the second one, or let it say more.", headings[0])


def empty_headings(part: CheckedPart) -> Iterator[Finding]:
    for block, following in pairwise([*part.blocks, None]):
        if block.tag in reading.HEADINGS and (following is None or following.tag in reading.HEADINGS):
            yield part.look(
                "No text stands under this heading.",
                "Write a sentence under it, or take the heading out.",
                block.text,
            )


def link_words(part: CheckedPart) -> Iterator[Finding]:
    for link in part.links:
        words = link.text.casefold().strip(" .,:;!?…›»>→“”\"'()")
        if not words:
            yield part.must(
                "A link has no words.", "Write in it what the reader finds there, or remove it.", link.href
            )
        elif VAGUE.fullmatch(words):
            yield part.look(
                "The words of this link don’t say where it leads.",
                "Name what the reader finds there: some people hear links without the text around them.",
                link.text,
            )
        elif ADDRESS.fullmatch(link.text):
            yield part.look("This link shows a bare address.", "Name what the reader finds there instead.", link.text)


def link_addresses(part: CheckedPart) -> Iterator[Finding]:
    for link in part.links:
        if not link.href:
            yield part.must("This link leads nowhere.", "Give it an address, or remove the link.", link.text)
        elif link.href.lower().startswith("http:"):
            yield part.look(
                "This link begins with http: and is not encrypted.",
                "Try the same address with https: and use that if it works.",
                link.href,
            )
        elif not WHOLE_ADDRESS.match(link.href):
            yield part.must(
                "The address of this link is not complete, so it leads nowhere.",
                "Begin it with https:// for another site, or with / for a page of this one.",
                link.href,
            )


def promises(part: CheckedPart) -> Iterator[Finding]:
    """Promises that cannot be kept. “Nobody can guarantee …” promises nothing."""
    for sentence, found in _sentences_with(PROMISE, part):
        before = sentence[max(0, found.start() - 60) : found.start()]
        if not NOT.search(before) and not sentence.endswith("?"):
            yield part.look(
                f"“{found.group()}” promises more than anybody can.",
                "Say how often it is so, and how sure doctors are.",
                sentence,
            )


def blame(part: CheckedPart) -> Iterator[Finding]:
    for sentence, found in _sentences_with(BLAME, part):
        yield part.look(
            f"“{found.group()}” can sound like blame or pity.",
            "Say plainly what happens: “people with …”, “if the treatment does not work”.",
            sentence,
        )


def _sentences_with(pattern: re.Pattern[str], part: CheckedPart) -> Iterator[tuple[str, re.Match[str]]]:
    for block in part.blocks:
        for sentence in reading.sentences(block.text):
            if found := pattern.search(sentence):
                yield sentence, found


def _same(one: str, other: str) -> bool:
    return one.casefold().rstrip("?:. ") == other.casefold().rstrip("?:. ")


RULES = [
    reading_level,
    long_sentences,
    long_paragraphs,
    heading_order,
    heading_words,
    empty_headings,
    link_words,
    link_addresses,
    promises,
    blame,
]

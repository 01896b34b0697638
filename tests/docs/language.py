"""Rules of the project's English: openings, summary lines, field docs, banned words and names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_OPENINGS = """
what of that whether how where when which who whom whose why than as by so it its this these
those there they one's if because unless until while although though such told given asked
flown seen
"""
OPENINGS = frozenset(_OPENINGS.split())
"""Words that open no docstring and no field doc, lower case."""

BANNED = {
    r"crafts?": "vehicle, robot, blimp",
    r"(?:tell|tells|told|telling)": "pass, report, distinguish; 'Called with ...'",
    r"(?:asks?|asked|asking)": "request, query, call",
    r"(?:hears?|heard|hearing)": "receive",
    r"(?:believes?|believed)": "accept; plausible",
    r"(?:knows?|knew)": "support, hold, depend on; 'independent of ROS'",
    r"(?:sees|saw)": "observe, receive, contain",
    r"(?:says?|said|saying)": "report, state, return",
    r"(?:wants|wanted)": "request, require",
    r"(?:whatever|whichever|whoever|whom)": "any, every, all; or another sentence",
    r"(?:anew|afresh)": "again, from scratch",
    r"set-points?": "setpoint",
    r"nobody": "no node, no process, no caller",
    r"(?:mends?|mended|mending)": "repair, fix, recover",
    r"gravest": "most severe",
    r"habits?": "adaptation baseline",
    r"sights?": "keyframe, image",
    r"(?:the|an|its own of|of the) own": "its own, the user's; 'your own' in guides",
    r"own ones?": "name the thing",
    r"of (?:its|one's) own": "its own NOUN, separate, isolated",
    r"(?:goes|go|going|went) on": "continue",
    r"(?:flies|fly|flew) on": "continues, stays active",
    r"visits?": "traverse (places); call (code)",
    r"(?:errs?|erred)": "be wrong; error",
    r"worth of": "value of",
    r"(?:is|are) no (?:blimp|swimmer|robot|number|name)": "is not a ...",
    r"(?:is|are) worth": "name the quantity",
    r"nothing need be": "optional",
    r"as it does": "name the behaviour",
    r"thereof|therein|whereof|wherein|thereby": "plain words",
    r"that (?:is|are) (?:none|one|no)": "name what is refused: an invalid step, a non-number",
    r"(?:comes?|came|becomes?|became) of": "result of",
}
"""Banned words and phrases of prose, as regular expressions of whole words, and what to write."""

BANNED_NAMES = {"found", "given", "told", "asked", "said", "heard", "wanted", "flown", "craft"}
"""Names that no variable, argument or attribute has."""

FLIGHT = {"fly", "flies", "flight", "flights", "flown", "flying", "flew"}
"""Parts of names that only the blimp has; `episode` and `trial` elsewhere."""

FINITE = (
    "is|are|was|were|has|have|had|does|do|did|can|could|may|might|must|will|would|shall|should|"
    "becomes|become|goes|comes|gives|takes|keeps|makes|gets|holds|lies|stands|stays|begins|needs"
)
"""Verb forms that make a sentence of a noun phrase."""

SUBORDINATE = (
    "that|which|who|whose|where|when|while|if|unless|until|as|because|before|after|than|so|"
    "without|whether|how|since"
)
"""Words that begin a subordinate clause: the main clause ends there."""

_IMPERATIVES = """
accept accumulate act activate adapt add advance align analyse announce answer append apply
arm assemble assert average balance begin bind blend bound bring build cache calibrate call
cancel change check choose clear clip close collect combine command compare compile compute
configure connect continue control convert copy count create cut damage decide declare
decode decorate decrease define delete deliver derive describe destroy detect determine
disable disarm discard discount display distribute divide do draw drive drop emit enable
encode end ensure enter erase estimate evaluate evolve execute exit expand export extend
extract feed fill film filter find finish fit flatten flush fly follow force forget format
free freeze fuse generate get give go group halve handle hash hide hold ignore imitate
import imprint increase initialise insert install interpolate interrupt iterate join judge
keep kill label land launch lay learn leave let limit link list load locate lock log look
lower map mark match measure merge move multiply mutate name normalise notify obtain open
optimise order override pack parse pass patch perturb place plot point present print process
produce project propagate provide publish push put quantise raise read rebuild recalibrate
receive recognise record recover reduce refuse register reject release remember remove
rename render reorder repeat replace replay report request require rescale reserve reset
resize resolve restart restore resume return reverse rotate round run safe sample save scale
search select send separate serve set settle shift show shut simulate skip smooth solve sort
spawn split stack standardise start step stop store stretch subscribe subtract sum swap swim
switch take terminate test tilt time trace train transform translate trigger turn undo
unlock unpack update use validate verify wait warm warn watch weight wrap write yield
"""
IMPERATIVES = frozenset(_IMPERATIVES.split())
"""Verbs that open the summary line of a function in the imperative, lower case."""

AFTER_NOUNS = {"of", "and", "for", "in", "on", "to", "from", "at", "with", "that"}
"""Words that follow a plural noun that reads like a verb: `Limits of a command.`"""

CODE = re.compile(r"```.*?```|``.*?``|`[^`\n]*`|https?://\S+|<!--.*?-->", re.S)


Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def docstrings(tree: ast.Module) -> Iterator[tuple[Documented, str]]:
    """Yield each node with a docstring, and the docstring."""
    for node in ast.walk(tree):
        if isinstance(node, Documented) and (text := ast.get_docstring(node)):
            yield node, text


def prose(text: str) -> str:
    """Return a text without its code, addresses and quoted method names."""
    return CODE.sub(" X ", text).replace("ask/tell", "X").replace("ask-and-tell", "X")


_BANNED = [
    (re.compile(rf"(?<![\w/-])(?:{pattern})(?![\w/-])", re.I), better)
    for pattern, better in BANNED.items()
]


def banned_words(text: str) -> list[str]:
    """Return each banned word of a text with what to write."""
    text = prose(text)
    return [
        f"{hit.group()!r} (write: {better})"
        for pattern, better in _BANNED
        for hit in pattern.finditer(text)
    ]


def main_clause(text: str) -> str:
    """Return the first sentence of a text up to its first subordinate clause."""
    sentence = re.split(r"[.:;](?:\s|$)", prose(text).replace("\n", " "), maxsplit=1)[0]
    return re.split(rf"\b(?:{SUBORDINATE})\b|[(,]", sentence, maxsplit=1)[0]


def opening_fault(text: str) -> str:
    """Return the fault in the wording of a summary line or field doc; empty if it has none."""
    match = re.match(r"[A-Za-z']+", text)
    word = match.group().lower() if match else ""
    if word in OPENINGS:
        return f"opens with {word!r}"
    return "has a 'what' in place of a noun" if re.search(r"\bwhat\b", prose(text)) else ""


def sentence_fault(text: str) -> str:
    """Return the finite verb of a text that should be a noun phrase; empty if it has none."""
    verb = re.search(rf"\b(?:{FINITE})\b", main_clause(text))
    return f"is no noun phrase: {verb.group()!r} in the main clause" if verb else ""


def summary_fault(docstring: str) -> str:
    """Return why a summary line is neither imperative nor noun phrase; empty if it is one."""
    first, *rest = re.findall(r"[A-Za-z'-]+", prose(docstring.split("\n\n")[0])) or ["X"]
    word, following = first.lower(), rest[0].lower() if rest else ""
    if word in IMPERATIVES:
        return ""
    for ending in ("ies", "es", "s"):
        stem = word.removesuffix(ending) + ("y" if ending == "ies" else "")
        third_person = word.endswith(ending) and stem in IMPERATIVES
        if third_person and following not in AFTER_NOUNS:
            return f"opens with the third person {first!r}; write the imperative or a noun phrase"
    return sentence_fault(docstring)

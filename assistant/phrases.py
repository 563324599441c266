"""The English and Spanish phrases by which a question is understood. All are folded (see `index.fold`) but `FRAME`."""

import re


def _any_of(phrases: str, *, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """A pattern that finds any of the phrases, given one a line, as whole words. A phrase may use regular expressions."""
    lines = (line.strip() for line in phrases.strip().splitlines())
    return re.compile(rf"\b(?:{'|'.join(lines)})(?!\w)", flags)


SMALL_TALK = {
    "en": _any_of(r"""
        hi|hello|hey|greetings|good (?:morning|afternoon|evening|night|day)
        how are you(?: doing)?|how do you do
        thank you(?: (?:so|very) much)?|thanks(?: a lot)?
        (?:good)?bye|see you(?: later)?|have a (?:nice|good|great) (?:day|one|evening)
        nice to meet you|(?:who|what) are you|what(?: is|s) your name|what can you do
    """),
    "es": _any_of(r"""
        hola|buenas|buen(?:os|as) (?:dias|tardes|noches)
        que tal|como estas?(?: usted)?
        (?:muchas |mil )?gracias|de nada
        adios|cha[ou]|hasta (?:luego|pronto|manana)|(?:que )?(?:tengas?|pases?) (?:un )?buen(?:a)? (?:dia|tarde|noche)
        mucho gusto|encantad[oa]|(?:quien|que) eres|como te llamas|que puedes hacer
    """),
}

FILLER = frozenset("again all amiga amigo everyone favor friend hoy ok okay please por there today todos vale well".split())
"""Words that may stand beside small talk without making it a question."""

FRAME = _any_of(
    r"""
    what (?:do|does|did) (?:the|this|these|your) (?:reports?|documents?|texts?|files?) (?:say|state|report|mention) (?:about|of|on)
    (?:do|does|did) (?:the|this|these|your) (?:reports?|documents?|texts?|files?) (?:say|mention)(?: anything about)?
    according to (?:the|this|these|your) (?:reports?|documents?|authors?),?
    (?:(?:can|could) you )?(?:please )?tell me
    qué dicen? (?:el|este|los|estos) (?:informes?|reportes?|documentos?) (?:sobre|acerca de|de)
    según (?:el|este|los|estos) (?:informes?|reportes?|documentos?),?
    """,
    flags=re.IGNORECASE,
)
"""Words about the asking: they are no part of what is asked, and would be found wherever a report speaks of itself."""

OPENER = _any_of(r"""
    and|but|also|so|what about|how about
    y|e|pero|tambien|entonces|que hay de|que pasa con
""")
"""How a turn begins that leans on the one before."""

PRONOUN = _any_of(r"""
    it|they|them|he|she|him|her|his|hers|its|their|theirs|those|these|ones?
    ell[oa]s?|eso|esos|esas|aquell[oa]s?
""")

PREPOSITION = _any_of(r"""
    in|on|at|from|for|with|by|about|during|since|under
    en|de|desde|con|por|para|durante|sobre|segun
""")

NUMBER_ASKED = _any_of(r"""
    how many|how old|how much (?:money|cash|funding)
    how much (?:does|did|do|is|was|were|are) .*\b(?:cost|spen[dt]|pay|paid|worth)
    (?:what|which) (?:percentage|percent|proportion|share|number|amount|sum)
    cuant[oa]s|cuant[oa] (?:dinero|plata)|cuanto (?:cuesta|costo|gana|paga)
    que (?:porcentaje|proporcion|numero|cantidad|suma|monto)
""")

YEAR_ASKED = _any_of(r"""
    (?:what|which) year
    que ano
""")

NUMBER = _any_of(r"""
    \d.*
    one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen
    (?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:-\w+)?|dozens?|hundreds?|thousands?|millions?|billions?
    half|thirds?|quarters?|none
    uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|dieci\w+|veint\w+
    treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa|docenas?|cien|cientos?|\w+cient[oa]s|mil|miles|millon|millones
    mitad|tercios?|cuartos?|ningun|ninguna
""")
"""A number in a sentence, in digits or in words."""

YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")

LEANS = _any_of(r"""
    however|but|yet|nevertheless|nonetheless|instead|still|otherwise
    this|these|those|that|it|its|they|their|he|she|his|her|such
    sin embargo|pero|no obstante|en cambio
    est[aeo]s?|es[aeo]s?|aquell[ao]s?|ell[ao]s?|dich[ao]s?|su|sus|tal|tales
""")
"""How a sentence begins that can't stand alone: with a contrast, or with a pronoun for something said before."""

"""The English and Spanish phrases by which questions are understood. `FRAMING` and `NEXT_PART` match text as it was typed; the
others match folded text (see `index.fold`).
"""

import re


def _any_of(phrases: str, *, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """Return a pattern that matches any of the phrases as whole words. Each line holds one phrase, or several with "|" between
    them, and may use regular expressions.
    """
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

SMALL_TALK_FILLER = frozenset(
    "again all amiga amigo everyone favor friend hoy ok okay please por there today todos vale well".split()
)
"""Words that may accompany small talk without making it a question."""

FRAMING = _any_of(
    r"""
    what (?:do|does|did) (?:the|this|these|your) (?:reports?|documents?|texts?|files?) (?:say|state|report|mention) (?:about|of|on)
    (?:do|does|did) (?:the|this|these|your) (?:reports?|documents?|texts?|files?) (?:say|mention)(?: anything about)?
    according to (?:the|this|these|your) (?:reports?|documents?|authors?),?
    (?:(?:can|could) you )?(?:please )?tell me(?: about)?
    what is the (?:current |present )?(?:state|situation|status|condition) of
    cuál es (?:el estado|la situación)(?: actual)? de
    qué dicen? (?:el|este|los|estos) (?:informes?|reportes?|documentos?) (?:sobre|acerca de|de)
    según (?:el|este|los|estos) (?:informes?|reportes?|documentos?),?
    """,
    flags=re.IGNORECASE,
)
"""Words that frame a question, such as "according to the report": they are no part of what is asked, and would match wherever a
report speaks of itself.
"""

FOLLOW_UP_OPENER = _any_of(r"""
    and|but|also|so|what about|how about
    y|e|pero|tambien|entonces|que hay de|que pasa con
""")
"""How a turn that depends on the previous one may begin."""

NEXT_PART = re.compile(
    r",?\s+(?:and|y|e)\s+(?:also\s+|también\s+)?(?=(?:(?:a|by|con|de|en|for|from|in|of|on|para|por|since|to|with)\s+)?"
    r"(?:who|whom|whose|what|when|where|why|which|how|is|are|was|were|do|does|did|has|have|can|will"
    r"|quién|quiénes|qué|cuándo|dónde|cómo|cuál|cuáles|cuánt[oa]s?)\s)",
    re.IGNORECASE,
)
"""The conjunction after which a text goes on with another question."""

QUESTION_OPENER = _any_of(r"""
    who|whom|whose|what|when|where|why|which|how|is|are|was|were|do|does|did|has|have|can|will|(?:in|on|to|from|for|by|with)
    (?:what|which|whom) (?:a |con |de |en |para |por |sobre )?(?:quien|quienes|que|cuando|donde|como|cual|cuales|cuant[oa]s?)
""")
"""How a question may begin."""

PRONOUN = _any_of(r"""
    it|they|them|he|she|him|her|his|hers|its|their|theirs|those|these|ones?
    ell[oa]s?|eso|esos|esas|aquell[oa]s?
""")

PREPOSITION = _any_of(r"""
    in|on|at|from|for|with|by|about|during|since|under
    en|de|desde|con|por|para|durante|sobre|segun
""")

KIND_WORDS = frozenset(
    """
    amount cause causes cities city countries country date day effect kind kinds month name names number people percentage person
    place places reason reasons region regions result sort type types way year years
    ano anos cantidad causa causas ciudad ciudades clase fecha forma lugar lugares manera mes motivo nombre nombres numero pais
    paises persona personas porcentaje razon region regiones tipo tipos
    """.split()
)
"""Nouns for the kind of thing a question asks for. An answer gives such a thing without using the noun."""

ASKED_FOR = {
    "number": _any_of(r"""
        how many|how old|how much (?:money|cash|funding)
        how much (?:does|did|do|is|was|were|are) .*\b(?:cost|spen[dt]|pay|paid|worth)
        (?:what|which) (?:percentage|percent|proportion|share|number|amount|sum)
        cuant[oa]s|cuant[oa] (?:dinero|plata)|cuanto (?:cuesta|costo|gana|paga)
        que (?:porcentaje|proporcion|numero|cantidad|suma|monto)
    """),
    "year": _any_of(r"""
        (?:what|which) year
        que ano
    """),
    "date": _any_of(r"""
        when (?:did|was|were|is|are|does|do|will|has|had)|(?:on|in|by) (?:what|which) (?:date|day|month)|(?:since|until) when
        (?:desde |hasta )?cuando (?:se|fue|fueron|es|son|hubo|ha|han|tuvo|empezo|comenzo|termino)|en que (?:fecha|mes|dia)
    """),
    "person": _any_of(r"""
        who|whom|whose|(?:what|which) (?:is|was|are|were) the names?
        quien(?:es)?|como se llama\w*|cual (?:es|era|fue) el nombre
    """),
    "place": _any_of(r"""
        where|(?:in|from|to) (?:what|which) (?:country|countries|city|cities|town|region|province|place)s?
        (?:a|de|en)?donde|en que (?:pais|paises|ciudad|region|provincia|lugar)
    """),
    "cause": _any_of(r"""
        why|what (?:is|was|were|are) the (?:causes?|reasons?)|for what reason|how come
        (?<!\w)por que|cual (?:es|fue|era) (?:la causa|el motivo|la razon)
    """),
}
"""The phrases that ask for each kind of thing. If several kinds match, the first counts."""

DATE = _any_of(r"""
    \d+.*|(?:last|next|this|past|previous|same|following|every) \w+|yesterday|today|now|ago
    since|until|after|before|during|when|while|recent(?:ly)?
    january|february|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|winter
    (?:mon|tues|wednes|thurs|fri|satur|sun)days?|centur(?:y|ies)|decades?
    enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre|siglos?|decadas?
    ayer|hoy|ahora|desde|hasta|despues|antes|durante|cuando|mientras|reciente(?:mente)?|pasad[oa]|proxim[oa]
""")
"""Words that may tell when: numbers, months, and words such as "after"."""

FUNCTION_WORDS = "and|de|del|e|el|for|in|la|las|los|of|on|para|the|to|y"
"""Short words that acronyms skip, as alternatives of a regular expression."""

NUMBER = _any_of(r"""
    \d.*
    one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen
    (?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:-\w+)?|dozens?|hundreds?|thousands?|millions?|billions?
    half|thirds?|quarters?|none
    uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|dieci\w+|veint\w+
    treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa|docenas?|cien|cientos?|\w+cient[oa]s|mil|miles|millon|millones
    mitad|tercios?|cuartos?|ningun|ninguna
""")
"""A number, in digits or in words."""

YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")

DEPENDENT_OPENER = _any_of(r"""
    however|but|yet|nevertheless|nonetheless|instead|still|otherwise
    this|these|those|that|it|its|they|their|he|she|his|her|such
    sin embargo|pero|no obstante|en cambio
    est[aeo]s?|es[aeo]s?|aquell[ao]s?|ell[ao]s?|dich[ao]s?|su|sus|tal|tales
""")
"""How a sentence that can't stand alone may begin: with a contrast, or with a pronoun for something mentioned before."""

"""Words that tell how a mention is meant: negated, hedged, past, normal, enlarged; on which side, how severe.

The order is the order of alternatives in one scanner, so whatever contains another cue ("no change in" holds "no")
stands before it. The rules of scope are in `unirg_core.scores.scope`.
"""

from unirg_core.scores.phrases import any_of

_SEEN = (
    r"(?:seen|identified|present|evident|visuali[sz]ed|visible|demonstrated|noted|appreciated|detected|observed"
    r"|apparent|found|shown|suspected|recogni[sz]ed|depicted|confirmed|delineated)"
)
_LY = r"(?:\w+ly |well[- ])?"
_IS = r"(?:is|are|was|were|has been|have been|be)"
_BEFORE = (
    r"(?:previously|before|earlier|then"
    r"|(?:on|in|at) (?:the |any )?(?:most )?(?:prior|previous|earlier|old|last|recent))"
)
_AT = r"(?:on|in|at|within|to|along|involving|overlying|over|of) (?:the |a )?"
_CAN_NOT = r"(?:can ?not|can't|could not|not|difficult to)"
# "Slightly worse" tells how much it has changed, not how severe it is.
_OF_CHANGE = r"(?! (?:wors|bett|improv|decreas|diminish|progress|regress|larger|smaller|less |more ))"
_SIZE_WORDS = r"mild|small|minimal|moderate|trace|large|tiny|slight|stable|unchanged|persistent|severe|new"


CUES = (
    # What holds a negation word but does not negate.
    (
        "unc_post",
        any_of(
            rf"{_CAN_NOT}(?: be)?(?: \w+ly)? (?:completely |entirely |totally )?(?:excluded?|ruled out)",
            r"remains? a consideration",
        ),
    ),
    ("unc", rf"{_CAN_NOT} (?:completely |entirely |totally )?(?:exclude|rule out)"),
    (
        "plain",
        any_of(
            r"(?:no|without|not)(?: (?:an?|any|significant(?:ly)?|interval|appreciable|substantial(?:ly)?|definite"
            r"|convincing|relevant|notable|great(?:ly)?|real|overall|much|further|acute|or|obvious)){0,4}"
            r" (?:chang(?:es?|ed)(?: in)?|increased?(?: in)?|decreased?(?: in)?|improvement(?: in)?|progression(?: of)?"
            r"|worsening(?: of)?|different(?: from)?|difference(?: in)?|enlarging|growth of)",
            rf"(?:{_IS} )?not {_LY}{_SEEN} {_BEFORE}",
            rf"(?:{_IS} )?not (?:previously {_SEEN}|there {_BEFORE})",
            r"(?:(?:has|have|had|is|are) )?(?:part|partial|incomplete|near|interval partial)(?:ly)?"
            r" (?:interval )?(?:(?:resolution|clearing)(?: of)?|resolved|cleared)",
            r"(?:no|not) more than|not only|no longer appears|no doubt|unable to",
            r"(?:without|no) (?:resolution|clearing) of",
        ),
    ),
    ("neg", r"no longer (?:any|an?|has|have|shows?|demonstrates?)|nothing (?:to suggest|suggestive of|suspicious for)"),
    # Negation that looks back.
    (
        "neg_post",
        any_of(
            r"(?:has|have|had) not (?:recurred|returned|reappeared|developed|reaccumulated)",
            rf"(?:{_IS} |do |does )?not {_LY}(?:longer )?{_SEEN}",
            rf"(?:{_IS} )?no longer(?: {_LY}{_SEEN})?",
            r"(?:has|have|had)(?: \w+ly)?(?: now| since| all| both| also){0,4}(?: been)? (?:\w+ly )?"
            r"(?:resolved|cleared|disappeared|removed)",
            r"(?:is|are|was|were)(?: now)? (?:\w+ly )?(?:resolved|absent|removed|gone)",
            r"(?:is|are) (?:none|absent|negative|nil)",
            rf"(?:{_IS} )?(?:ruled out|excluded)",
            r"(?:is|are|is felt to be) (?:considered |thought )?(?:less likely|unlikely)|unlikely",
            r"none(?: seen| identified)?|nil",
        ),
    ),
    ("gone", r"resolved|removed"),
    # Negation that looks ahead.
    (
        "neg",
        any_of(
            r"(?:interval |complete |near[- ]complete |apparent ){0,4}"
            r"(?:resolution|clearing|removal|disappearance|clearance) of",
            r"negative for|(?:free|clear|cleared) (?:of|from)|absence of|lack of|rather than",
            r"(?:no|without)(?: (?:definite|convincing|radiographic|plain film|other|new|acute|significant|obvious"
            r"|suspicious|large|focal)){0,4}(?: evidence| signs?| features?| findings?| indication| suggestion)?"
            r" (?:of|for|to suggest|suggestive of|suspicious for|concerning for|indicating)",
            r"neither|nor|no|not|without|w/o|non|never|absent|den(?:y|ies|ied)|fails? to",
        ),
    ),
    # The past, and what was only asked.
    (
        "past",
        any_of(
            r"(?:past |prior |previous |known |clinical |medical )?history of|h/o|s/p|status[ -]post|risk of|treated",
            r"(?:to )?(?:evaluate|assess|question|eval|evaluation|assessment) for|(?:to )?rule out|r/o",
            r"since (?:the )?(?:prior|previous)|recent(?= (?:pneumonia|infection))|(?:to )?(?:exclude|ensure)",
            r"(?:prior|previous|past|remote)(?= (?:\w+ )?(?:pneumonia|infection|infectious|effusion|pneumothorax|edema"
            r"|atelectasis|chf))",
        ),
    ),
    # Hedges.
    (
        "unc_post",
        any_of(
            r"(?:is|are|remains?|would be) (?:also )?(?:possible|possibly|questionable|questioned|suspected|suspicious"
            r"|uncertain|equivocal|considered|not unlikely)",
            r"(?:may|might|could|can) (?:also )?(?:be (?:present|considered|seen)|exist"
            r"|have this appearance)",
            r"should be considered|in the differential|(?:is|remains) a possibility",
        ),
    ),
    (
        "unc",
        any_of(
            r"(?:may ?|might |could |can )be (?:due|secondary|related|attributable) to|maybe",
            r"may(?: be| have| represent| reflect| indicate| relate)?|might(?: be| represent| reflect)?",
            r"could(?: be| represent| reflect| indicate)?|can(?: be| represent)",
            r"possib(?:ly|le|ility)|questionabl[ey]|question(?: of)?|query|perhaps|equivocal|uncertain|conceivabl[ey]",
            r"less likely",
            r"suspected|suspect|suspicion|suspicious for|concern(?:ing)?(?: for)?|worrisome for|presum(?:ed|ably)",
            r"versus|vs\.?|either(?! (?:side|lung|base))|differential|if clinically|\?",
            r"in the (?:appropriate|right|proper|correct) clinical (?:setting|context)",
        ),
    ),
    ("hint", r"(?<!most )suggest(?:s|ed|ing|ive)?(?: of)?|indicative of|to (?:indicate|explain)"),
    ("likely", r"(?:most )?likely|probabl[ey]|favou?r(?:s|ed)?|felt to"),
    # Ends of scopes.
    (
        "stop",
        any_of(
            r"but|however|although|though|except(?:ing)?(?: for)?|apart from|aside from|other than|otherwise|which",
            r"there (?:is|are|has|have|was|were|remains?)|there(?= (?:may|might|could))",
            r"again (?:is|are)|secondary to|due to|related to",
            r"whereas|while|because(?: of)?|despite|where",
        ),
    ),
    # States of anatomy.
    ("doubtful", r"prominen(?:t|ce)"),
    (
        "normal",
        any_of(
            r"(?:near |at ){0,4}(?:the )?(?:upper|high|top)(?: limits?)?(?: of)? normal(?: limits?)?",
            r"(?:near[- ])?top[- ]normal|(?:within|at) (?:the )?(?:limits of normal|normal (?:limits?|range|size))",
            r"(?:within )?normal(?:ly)?(?: (?:in|for) (?:size|age))?|wnl|unremarkable|clear(?!ing|ed)|intact|sharp",
            r"well[- ](?:aerated|expanded|inflated)|preserved|midline|undisplaced|dry",
        ),
    ),
    (
        "abnormal",
        any_of(
            r"(?:more |re)?enlarge(?:d|ment)|widen(?:ed|ing)|increased?(?: in)?(?: size)?|dilated|engorged|congested",
            r"borderline(?: enlarged| in size)?|blunt(?:ed|ing)|obscured|obliterated|indistinct|globular|big",
        ),
    ),
    # Severity.
    (
        "severe",
        any_of(
            r"sever(?:e|ely)|larg(?:e|ely)|massive(?:ly)?|extensive(?:ly)?|gross(?:ly)?|huge|dense",
            rf"(?:marked(?:ly)?|considerabl[ey]){_OF_CHANGE}|pronounced(?:ly)?",
            r"(?:moderate|medium)(?:ly)?[ -](?:to|or)[ -](?:large|severe|marked)(?:ly)?(?:-sized)?",
        ),
    ),
    ("moderate", rf"(?:(?:mild|small|slight)(?:ly)?[ -]to[ -])?(?:moderate(?:ly)?|medium)(?:-sized)?{_OF_CHANGE}"),
    (
        "mild",
        r"(?:very |minimal |tiny |trace )?(?:mild(?:ly)?|small(?: amount of| volume)?|tiny|minimal(?:ly)?|minute|scant"
        rf"|trace(?: amount of)?|slight(?:ly)?|subtle|faint(?:ly)?|minor|little|discrete)(?:-sized)?{_OF_CHANGE}",
    ),
    # Sides; with its preposition a side belongs to what went before it.
    (
        "bilateral",
        rf"(?:{_AT})?(?:bilateral(?:ly)?|both|bi-?(?:basilar|basal|basally|apical|hilar)|(?:left|right)(?:[- ]sided?)? "
        r"(?:greater|more|larger|worse) than (?:the )?(?:left|right)"
        r"|(?:right|left)(?:-sided)? and (?:right|left)(?:-sided)?(?= \w+(?:s|es)\b))",
    ),
    ("left", rf"(?:{_AT})?(?:left(?:[- ]?sided|ward)?(?! (?:ventric|atri|heart|main))|lingul(?:a|ar)|lt)"),
    ("right", rf"(?:{_AT})?(?:right(?:[- ]?sided|ward)?(?! (?:ventric|atri|heart|main))|(?<!right )middle lobe|rt)"),
    # Small words that matter to scope.
    ("shown", rf"(?:{_IS} )?(?:again |also |once again )?{_SEEN}|persists?|redemonstrated|remains?"),
    ("steady", r"stable|unchanged|similar|constant"),
    ("soft", rf"with|and(?= (?:an?|there|{_SIZE_WORDS}) )"),
    ("or", r"or|and/or"),
)

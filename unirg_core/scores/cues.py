"""Words that tell how a mention is meant: negated, hedged, past, normal, enlarged; on which side, how severe.

The order is the order of alternatives in one scanner, so whatever contains another cue ("no change in" holds "no")
stands before it. Scope rules live in `unirg_core.scores.labels`.
"""

_SEEN = (
    r"(?:seen|identified|present|evident|visuali[sz]ed|visible|demonstrated|noted|appreciated|detected|observed|apparent"
    r"|found|shown|suspected|recogni[sz]ed|depicted|confirmed|delineated)"
)
_LY = r"(?:\w+ly |well[- ])?"
_IS = r"(?:is|are|was|were|has been|have been|be)"

_AT = r"(?:on|in|at|within|to|along|involving|overlying|over|of) (?:the |a )?"

CUES = (
    # ----- phrases that hold a negation word but do not negate
    (
        "unc_post",
        r"(?:can ?not|can't|could not|not|difficult to)(?: be)?(?: \w+ly)? (?:completely |entirely |totally )?(?:excluded?|ruled out)"
        r"|not excluded|remains? (?:a )?(?:consideration|possib\w+)",
    ),
    ("unc", r"(?:can ?not|can't|could not|difficult to) (?:completely |entirely |totally )?(?:exclude|rule out)"),
    (
        "plain",
        r"(?:no|without|not)(?: (?:an?|any|significant(?:ly)?|interval|appreciable|substantial(?:ly)?|definite|convincing|relevant"
        r"|notable|great(?:ly)?|real|overall|much|further|acute|or|obvious))*"
        r" (?:chang(?:es?|ed)(?: in)?|increased?(?: in)?|decreased?(?: in)?|improvement(?: in)?|progression(?: of)?|worsening(?: of)?"
        r"|different(?: from)?|difference(?: in)?|enlarging|growth of)|not only|no longer appears|no doubt|unable to"
        r"|without (?:resolution|clearing) of|no resolution of",
    ),
    # ----- negation that looks back
    (
        "neg_post",
        rf"(?:{_IS} |do |does )?not {_LY}(?:longer )?{_SEEN}|no longer(?: {_LY}{_SEEN})?"
        r"|(?:has|have|had)(?: \w+ly)?(?: now| since| all| both| also)*(?: been)? (?:\w+ly )?(?:resolved|cleared|disappeared|removed)"
        r"|(?:is|are|was|were)(?: now)? (?:\w+ly )?(?:resolved|absent|removed|gone)|(?:is|are) (?:none|absent|negative|nil)"
        rf"|(?:{_IS} )?(?:ruled out|excluded)|(?:is|are|is felt to be) (?:considered |thought )?(?:less likely|unlikely)|unlikely"
        r"|none(?: seen| identified)?|nil",
    ),
    # ----- negation that looks ahead
    (
        "neg",
        r"(?:interval |complete |near[- ]complete |apparent )*(?:resolution|clearing|removal|disappearance|clearance) of"
        r"|resolved|negative for|(?:free|clear|cleared) (?:of|from)|free from|absence of|lack of|rather than|removed"
        r"|(?:no|without)(?: (?:definite|convincing|radiographic|plain film|other|new|acute|significant|obvious|suspicious|large|focal))*"
        r"(?: evidence| signs?| features?| findings?| indication| suggestion)? (?:of|for|to suggest|suggestive of|suspicious for"
        r"|concerning for|indicating)|neither|nor|no|not|without|w/o|non|never|absent|den(?:y|ies|ied)|fails? to",
    ),
    # ----- the past, and what was only asked
    (
        "past",
        r"(?:past |prior |previous |known |clinical |medical )?history of|h/o|s/p|status[ -]post|previously (?:seen|noted|described)"
        r"(?= (?:\w+ )*(?:has|have) (?:resolved|cleared))|(?:to )?(?:evaluate|assess|question|eval|evaluation|assessment) for"
        r"|(?:to )?rule out|r/o|since (?:the )?(?:prior|previous)|recent(?= (?:pneumonia|infection))|"
        r"(?:prior|previous|past|remote)(?= (?:\w+ )?(?:pneumonia|infection|infectious|effusion|pneumothorax|edema|atelectasis|chf))"
        r"|risk of|treated|(?:to )?(?:exclude|ensure)",
    ),
    # ----- hedges
    (
        "unc_post",
        r"(?:is|are|remains?|would be) (?:also )?(?:possible|possibly|questionable|questioned|suspected|suspicious|uncertain"
        r"|equivocal|considered|not unlikely)|(?:may|might|could|can) (?:also )?(?:be (?:present|considered|seen|due|related)|exist|have this appearance)"
        r"|should be considered|in the differential",
    ),
    (
        "unc",
        r"may(?: be| have| represent| reflect| indicate| relate)?|might(?: be| represent| reflect)?|could(?: be| represent| reflect"
        r"| indicate)?|can(?: be| represent)|possib(?:ly|le|ility)|questionabl[ey]|question(?: of)?|query|perhaps|equivocal"
        r"|suspected|suspect|suspicion|suspicious for|concern(?:ing)?(?: for)?|worrisome for|versus|vs\.?|either|uncertain"
        r"|differential|presum(?:ed|ably)|conceivabl[ey]|if clinically|\?"
        r"|in the (?:appropriate|right|proper|correct) clinical (?:setting|context)",
    ),
    (
        "hint",
        r"(?<!most )suggest(?:s|ed|ing|ive)?(?: of)?|indicative of|to (?:indicate|explain)",
    ),
    ("likely", r"(?:most )?likely|probabl[ey]|favou?r(?:s|ed)?|felt to"),
    # ----- ends of scopes
    (
        "stop",
        r"but|however|although|though|except(?:ing)?(?: for)?|apart from|aside from|other than|otherwise|which|whereas|while"
        r"|there (?:is|are|has|have|was|were|may|remains?)|again (?:is|are)|secondary to|due to|related to|because(?: of)?"
        r"|despite|where|, (?:is|are)\b",
    ),
    # ----- states
    (
        "doubtful",
        r"prominen(?:t|ce)",
    ),
    (
        "normal",
        r"(?:near |at )*(?:the )?(?:upper|high|top)(?: limits?)?(?: of)? normal(?: limits?)?|(?:near[- ])?top[- ]normal"
        r"|(?:within|at) (?:the )?(?:limits of normal|normal (?:limits?|range|size))|(?:within )?normal(?:ly)?(?: (?:in|for) (?:size|age))?"
        r"|unremarkable|clear(?!ing|ed)|intact|sharp|well[- ](?:aerated|expanded|inflated)|preserved|wnl|midline|undisplaced|dry",
    ),
    (
        "abnormal",
        r"(?:more |re)?enlarge(?:d|ment)|widen(?:ed|ing)|increased?(?: in)?(?: size)?|borderline(?: enlarged| in size)?|dilated|engorged|congested"
        r"|blunt(?:ed|ing)|obscured|obliterated|indistinct|cephalized|globular|big",
    ),
    # ----- severity
    (
        "severe",
        r"sever(?:e|ely)|larg(?:e|er|ely)|marked(?:ly)?|massive(?:ly)?|extensive(?:ly)?|gross(?:ly)?|huge|considerabl[ey]|dense"
        r"|(?:moderate|medium)(?:ly)?(?: |-)(?:to|or)(?: |-)(?:large|severe|marked)(?:ly)?(?:-sized)?",
    ),
    (
        "moderate",
        r"(?:(?:mild|small|slight)(?:ly)?(?: |-)to(?: |-))?(?:moderate(?:ly)?|medium|mid)(?:-sized)?(?! (?:zone|lung))",
    ),
    (
        "mild",
        r"(?:very |minimal |tiny |trace )?(?:mild(?:ly)?|small(?: amount of| volume)?|tiny|minimal(?:ly)?|trace(?: amount of)?|slight(?:ly)?"
        r"|subtle|faint(?:ly)?|minor|minute|scant|little|discrete)(?:-sized)?",
    ),
    # ----- sides; with its preposition a side belongs to what went before it
    (
        "bilateral",
        rf"(?:{_AT})?(?:bilateral(?:ly)?|both|bi-?(?:basilar|basal|basally|apical|hilar)|(?:left|right)(?:[- ]sided?)? "
        r"(?:greater|more|larger|worse) than (?:the )?(?:left|right)|(?:right|left)(?:-sided)? and (?:right|left)(?:-sided)?(?= ))",
    ),
    ("left", rf"(?:{_AT})?(?:left(?:[- ]?sided|ward)?(?! (?:ventric|atri|heart|main))|lingul(?:a|ar)|lt)"),
    ("right", rf"(?:{_AT})?(?:right(?:[- ]?sided|ward)?(?! (?:ventric|atri|heart|main))|(?<!right )middle lobe|rt)"),
    # ----- small words that matter to scope
    ("shown", rf"(?:{_IS} )?(?:again |also |once again )?{_SEEN}|persists?|redemonstrated|remains?"),
    ("steady", r"stable|unchanged|similar|constant"),
    (
        "soft",
        r"with|and(?= (?:an?|there|mild|small|minimal|moderate|trace|large|tiny|slight|stable|unchanged|persistent|severe|new) )",
    ),
    ("soft", r", (?:the|an?)\b"),
    ("or", r"or|and/or"),
)

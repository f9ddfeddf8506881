"""The ways in which a report names people, and the words that are no names though they stand or look like ones.

Four ways: behind a title or a lead (`Dr. ...`, `called to ...`, `daughter ...`), before a degree, a role or a verb of
notice (`..., RN`, `... (ICU fellow)`, `... was notified`), beside a name that was found, and, in text that is not in
capitals throughout, any capitalised word inside a sentence that nothing else explains. Eponyms and brands stay.
"""

import re

UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŴŶŸŹŻŽ"
LOWER = "a-zß-öø-ÿāăąćčďđēėęěğģīįıķĺļľłńņňōőœŕřśşšţťūůűųŵŷźżž"
_PARTICLE = (
    r"(?:[OD]['’]|Ma?c|[Vv]an[ -]|[Vv]on[ -]|[Dd]e[ -]|[Dd]er[ -]|[Dd]i |[Dd]a |[Dd]el |[Dd]os |[Ll]a "
    r"|[Ee]l-|[Aa]l-|St\. |bin |ibn )"
)
_WORD = (
    rf"(?:[{UPPER}]\.(?:[{UPPER}]\.)?|[{UPPER}](?![\w'’])|{_PARTICLE}{{0,2}}[{UPPER}][\w'’-]{{0,30}}[{UPPER}{LOWER}]"
    rf"|(?:de|van|von|di|la|le|al|el)[{UPPER}][\w'’-]{{1,30}})"
)
_NAME = rf"(?<![\w'’-])({_WORD}(?:(?:,\s?|\s){_WORD}){{0,3}})"
_TITLE = (
    r"(?i:drs?\.?|doctors?|mr\.?|mrs\.?|ms\.?|miss|prof\.?|professor|nurse|sister|rn|lpn|lvn|cna|emt|np|pa-c|fr\.|rev\."
    r"|dra\.?|dott\.?|herr|frau|mme\.?|señora?|sr\.|sra\.|sgt\.?|capt\.?|col\.|officer|detective|pastor|rabbi"
    r"|imam|judge"
    r"|attorney|deputy)"
)
_DEGREE = (
    r"(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|Ph\.?D\.?|MBBS|MBChB|FRCR|FRCPC|FACR|FACC|PA-C|PA|DNP|CRNP|APRN"
    r"|BSN|RT|R\.T\."
    r"|MPH|DPM|DDS|PGY-?\d|(?i:md|mbbs|frcr))"
)
_KIN = (
    r"brother|sister|son|daughter|wife|husband|spouse|partner|mother|father|mom|dad|parent|niece|nephew|aunt|uncle"
    r"|cousin|grandson|granddaughter|grandmother|grandfather|guardian|caregiver|carer|friend|neighbou?r|next of kin"
    r"|roommate|fianc[eé]e?|stepson|stepdaughter|stepmother|stepfather|boyfriend|girlfriend|twin|grandma|grandpa"
    r"|godmother|godfather|landlord|landlady|housemate|co-?worker|colleague|(?:daughter|son|mother|father"
    r"|sister|brother)"
    r"-in-law"
)
_ROLE = (
    r"physician|nurse|resident|clinician|provider|radiologist|technologist|technician|registrar|consultant|intern"
    r"|surgeon|fellow|attending|hospitalist|cardiologist|pulmonologist|oncologist|intensivist|practitioner|assistant"
    r"|coordinator|clerk|secretary|therapist|student|pathologist|neurologist|midwife|pharmacist|paramedic|interpreter"
    r"|translator|social worker|case manager|chaplain|dispatcher|sonographer|radiographer|phlebotomist|dietitian"
    r"|nephrologist|urologist|gastroenterologist|an(?:a?e)sthesiologist|an(?:a?e)sthetist|pa?ediatrician|internist"
    r"|ha?ematologist|psychiatrist|obstetrician|orthopa?edist|rheumatologist|endocrinologist|houseman|house officer"
    r"|registered nurse|medic|orderly|porter|scribe|supervisor|manager|principal|teacher|coach|lawyer|solicitor"
)
_BY = (
    r"signed|dictated|read|reported|interpreted|verified|approved|transcribed|requested|ordered|referred|acknowledged"
    r"|reviewed|performed|attested|finali[sz]ed|authenticated|examined|seen|placed|inserted|done|taken|supervised"
    r"|recommended|noted|described|accompanied|brought in|cosigned|co-signed|electronically signed|prepared|confirmed"
    r"|accepted|answered|received|witnessed|assisted|typed|edited|released|countersigned|obtained|acquired|translated"
    r"|called|relayed|communicated|given|notified|paged|escorted|read back|chaperoned|validated|corrected"
    r"|amended|entered|logged|scanned|consented|injected|removed|admitted|cleared"
)
_TOLD = (
    r"discussed (?:by phone |in person |directly |immediately )?with|communicated (?:to|with)|called to|called(?! by\b)"
    r"|notified|notifying|informed|reported to|relayed to|conveyed to|telephoned to|phoned to|phoned|paged to|paged"
    r"|told|spoke (?:with|to)|spoken (?:with|to)|reviewed with|shared with|e-?mailed to|e-?mailed|texted to|texted"
    r"|messaged|faxed to|faxed|sent to|given to|handed to|shown to|copy to|copied to|transmitted to"
    r"|passed to|escalated to|handed (?:over|off) to|hand-?(?:off|over) to|forwarded to|released to|delivered to"
    r"|(?:spoke|spoken|discussed|reviewed|talked|conferred) w/|[ds]/w|talked (?:with|to)|conferred with|consulted"
    r"|consultation with|conversation with|alerted|contacted|answered to"
    r"|dear|sincerely,?|regards,?|goes by|nicknamed?|a\.?k\.?a\.?|n[ée]e|maiden name|formerly known as"
    r"|on behalf of|courtesy of"
    rf"|agree with|concur with|request of|per|(?:{_BY}) by:?|attention|attn:?|cc:?|re:"
    r"|patient(?:'s)? name(?: is|:)?|pt(?:\.)? name(?: is|:)?|known as|name is|i,|and i,"
)
_PERSON = rf"{_KIN}|{_ROLE}|patient|pt|electronically signed|signed|dictated|name"
_LABEL = (
    r"(?:referring|ordering|requesting|attending|primary|admitting|consulting|covering|responsible)(?: m\.?d\.?"
    r"| party)?"
    r"|pcp|recipient(?: of [a-z ]{3,30})?|(?:emergency |family )?contact(?: person)?|persons? (?:notified"
    r"|contacted|informed)"
    r"|notified party|notification|tech|transcriptionist|typist|reader|author|scribe|operator|witness|chaperone"
    r"|guarantor"
    r"|hcp|poa|(?:health ?care )?proxy|power of attorney|subscriber|policy ?holder|insured|employer|sender|to|from|by"
    r"|(?:nurs(?:e|ing) )?hand-?(?:over|off)|notified|informed|called|paged|discussed with|spoke with|supervising"
    r"|dictated but not read|resident/fellow|report to|copies to|staff|team|initials|first name|last name"
    r"|surname|family name|given name"
)
_LABELLED = (
    r"emergency contact|(?:health ?care )?proxy|power of attorney|first name|last name|surname|family name|given name"
    r"|maiden name|legal name|preferred name"
)
_OWN = r"(?:(?i:the|his|her|their|patient's|and|on-?call|oncoming|covering|charge) ){0,2}[\"“]?"
_LEAD = rf"(?i:{_TOLD}|(?:{_PERSON})(?:['’]s name is)?(?:\s?[:,(])?|(?:{_LABEL})\s?:|(?:{_LABELLED}) (?:is )?)"
_LEAD_IN_CAPITALS = rf"(?i:{_TOLD}|(?:{_PERSON})(?:['’]s name is|\s?[:,(])|(?:{_LABEL})\s?:|(?:{_LABELLED})(?: is)?)"


def _after_lead(lead: str) -> re.Pattern[str]:
    return re.compile(rf"(\b{lead}(?:\s+|(?<=\())(?:{_OWN})(?:{_TITLE}\s+)?){_NAME}")


NAMED_AFTER = (
    re.compile(rf"(\b{_TITLE}\s+){_NAME}"),
    _after_lead(_LEAD),
    re.compile(rf"(\[NAME\](?:\s?[/&;]\s?|,? and |,? or )){_NAME}"),
)
"""The first group stays; of the second the words up to the first that no name has are a name."""

INITIALS = re.compile(
    rf"(\b(?i:(?:{_BY}) by:? ))[{UPPER}]{{2,3}}(?=\s?(?:[.;,/\n]|\[(?:DATE|TIME)|$))"
    r"|(\b(?i:(?:(?:transcribed|typed|dictated) by|transcriptionist|typist|tech(?:nologist)?|initials"
    r"|scribe)\s?(?::\s?| )))"
    rf"(?:[{LOWER}]{{2,3}}|[{UPPER}]{{2,3}})(?=\s?(?:[.;,/\n]|\[(?:DATE|TIME)|$))(?!\sby\b)"
    rf"|((?<=\]) |^|\n)[{UPPER}]{{2,4}}/[{LOWER}]{{2,4}}(?=\s*(?:$|\n|\[DATE))"
)
"""The letters that stand for a reader or typist."""

_CARE = r"under (?:the )?(?:medical )?care of"
_FOLLOWED = (
    r"(?:^|(?<=[.;:\n]\s)|(?<=[.;:\n])|(?:patient|pt|he|she|currently)\s+(?:(?:is|was|has been|being)\s+)?)"
    r"(?:closely )?followed (?:closely |regularly |here |up )?by"
)
_NO_PERSON = r"(?!\s+(?i:clinic|service|team|department|dept|group|unit|center|centre)\b)"

NAMED_AFTER_IN_CAPITALS = (
    NAMED_AFTER[0],
    _after_lead(_LEAD_IN_CAPITALS),
    re.compile(rf"(\b(?i:(?:{_KIN}) of|{_CARE})\s+(?:{_TITLE}\s+)?){_NAME}{_NO_PERSON}"),
    re.compile(rf"(\b(?i:{_KIN})\s+){_NAME}(?= (?i:present|at bedside|states|reports|says|agrees|was|is)\b)"),
    re.compile(rf"((?i:{_FOLLOWED})\s+(?:{_TITLE}\s+)?){_NAME}{_NO_PERSON}"),
    NAMED_AFTER[2],
)
"""The same for a text in capitals, where "PATIENT INTUBATED" looks like a name: a person's word needs its colon, and
"FOLLOWED BY" the start of a sentence or a person before it, since a disease follows another too."""

_NOTICE = (
    r"(?:was|were|is|has been|have been|had been) (?:\w{2,12}ly )?"
    r"(?:made aware|notified|informed|called|paged|told|contacted|alerted|updated)"
    r"|acknowledged|acknowledges|concurs|concurred|agrees|agreed|verbali[sz]ed understanding|confirmed|reviewed|attests"
    r"|called back|took (?:the )?(?:call|report)|accepted (?:the )?(?:call|report|result)|answered|understood"
    r"|understands"
    r"|voiced|is aware|was aware|repeated (?:it|back|the)|read (?:it|the|them|back)|translated|translating|says|said"
    r"|has personally|personally (?:reviewed|viewed)|will (?:notify|inform|tell|relay|pass)"
    r"|(?:paged|called|notified|informed|texted|contacted|telephoned) (?:at|by|on|via)"
)
_FROM = r"(?: (?:from|of|in|at|on) (?:the )?[\w/]{2,12}(?: [\w/]{2,12})?)?"
NAMED_BEFORE = re.compile(
    rf"{_NAME}(?=,?\s+{_DEGREE}(?!\w)"
    rf"|,? (?:an?|the|our|his|her)? ?(?i:(?:[a-z]{{2,12}} ){{0,2}}(?:{_ROLE})s?\b)"
    rf"|,? (?i:mrn|dob|d\.o\.b|date of birth|medical record)\b"
    rf"|\s?\((?i:(?:[a-z]{{2,12}} ){{0,3}}(?:{_ROLE}|{_KIN})\b)|,?(?i:{_FROM} (?:{_NOTICE}))\b"
    r"|(?<=['’]s) (?i:report|read|note|request|interpretation|office|dictation|opinion|review)\b"
    r"| and I (?:have |both )?(?:reviewed|discussed|agree|looked|read|spoke|saw)\b)"
)
"""A name before a degree, a role or a verb of notice: of the group the words after the last that no name has."""

LOW_NAMED = re.compile(
    rf"(\b(?:(?:drs?\.?|mr\.?|mrs\.?|ms\.?|miss|prof\.?)\s"
    r"|(?:signed|dictated|read|transcribed|verified|approved) by (?:dr\.? )?))"
    rf"([{LOWER}][\w'’-]{{1,30}})((?:\s[{LOWER}][\w'’-]{{1,30}})?)(?![\w'’-])"
)
"""Behind a title in small letters: the next word, and the one after it if it could be a surname."""

LOW_DEGREE = re.compile(
    rf"(\b(?:followed (?:up )?by|{_CARE}|seen by|referred by|per|with|by) )"
    rf"([{LOWER}][\w'’-]{{1,30}}(?: [{LOWER}][\w'’-]{{1,30}})?)"
    r"(?=,? (?:md|m\.d\.|mbbs|mbchb|d\.o\.|rn|r\.n\.|crnp|pa-c|frcr)(?![\w'’-]))"
)
"""In small letters, between a lead and a degree: one or two words."""

INSIDE = re.compile(
    rf"(?:(?<=[{LOWER},\]'’] )|(?<=\bRT )|(?<=\bTO )|(?<=\bAT )|(?<=\bOF )|(?<=\bBY )|(?<=\bFROM )"
    rf"|(?<=\w \()(?=[{UPPER}][{LOWER}'’-]+(?: [{UPPER}][{LOWER}'’-]+)?\)))"
    rf"({_PARTICLE}{{0,2}}[{UPPER}][{LOWER}'’][\w'’-]{{0,30}}|(?:de|van|von|di)[{UPPER}][{LOWER}]{{2,30}})(?![\w'’-])"
)
"""A capitalised word inside a sentence, or alone between brackets."""

STANDS_OUT = re.compile(rf"(?<=[{UPPER}]{{2}} )((?:[{UPPER}][{LOWER}]{{2,30}} ?){{1,4}})(?<! )(?= |[.,;:)]|$)")
"""In a text of capitals the words of small letters side by side."""

INITIALED = re.compile(
    rf"(?:(?<=[{LOWER},;/] )|(?<=: )(?!A\.)"
    rf"|(?<=[{LOWER}] \())(?<!vitamin )(?<!hepatitis )(?<!type )(?<!grade )(?<!class )"
    rf"(?<!group )(?<!stage )(?<!segment )(?<!influenza )(?<!factor )(?<!plan )(?<!option )(?<!part )"
    rf"(?:[{UPPER}]\.\s?){{1,2}}({_PARTICLE}{{0,2}}[{UPPER}][{LOWER}'’][\w'’-]{{0,30}})(?![\w'’-])"
)
"""A surname behind initials."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PLAIN = _words(
    """mr mrs ms miss prof control atrium ventricle atrial ventricular artery arterial vein venous trachea bronchus
    esophagus stomach liver spleen kidney gallbladder bowel brain neck shoulder clavicle scapula humerus sternum
    vertebra vertebral hip knee arm leg wrist cavoatrial junction subclavian jugular axillary brachiocephalic
    azygos cardiothoracic a an and as at on in of to the was were is are be been being by via for from with who
    that this these those or not no nor but if so than then when while which what where how ed er icu ccu nicu
    picu ward unit floor team clinic department dept service services staff emergency radiology surgery surgical
    medicine medical physician doctor nurse resident attending consultant registrar technologist technician
    radiologist clinician provider intern fellow surgeon practitioner hospitalist charge covering on-call call
    referring ordering treating primary care phone telephone page pager paged fax faxed email secure message
    chat read back verbal verbally written findings finding impression results result report reports reported
    study studies exam examination examinations comparison prior previous previously date dated time times
    patient patients pt he she they it his her hers their our we you your i ct mri cxr pa ap us pet there here
    chest lung lungs heart cardiac left right both bilateral normal stable mild moderate severe small large
    acute chronic critical new old interval follow followup follow-up recommend recommended recommendation
    please dr drs immediately shortly directly personally promptly today yesterday tomorrow discussed notified
    informed called dictated signed reviewed electronically and/or about after before during within without over
    under per regarding concerning pneumothorax effusion effusions opacity opacities nodule nodules mass masses
    consolidation atelectasis pneumonia edema cardiomegaly tube tubes line lines catheter approximately name mrn
    id dob age sex aged male female man woman cardiology oncology pulmonary pulmonology neurology pathology
    pediatrics paediatrics icu/ccu pacu or/ operating room clerk secretary office number results/findings view
    views lateral frontal portable film films image images imaging x-ray xray radiograph radiographs scan
    tomography ultrasound hospital outside general university regional community county local other another same
    first second third last next available unavailable none nothing unknown unchanged unremarkable clear
    evidence seen noted given sent told shown has have had does did do done will would should could may might
    can cannot must also again still now already only just very more most less least few many several some any
    all each every history reason indication indications technique impression: conclusion addendum final
    preliminary wet cc re end understanding acknowledged confirmed aware made limited clinical correlation
    correlate evaluation evaluate tip ends apex apical base basilar bibasilar upper lower middle mid lobe lobes
    zone hilar hilum mediastinal mediastinum cardiomediastinal silhouette contour contours pleural pleura
    thoracic spine bone bones bony osseous soft tissue tissues abdomen pelvis rib ribs diaphragm hemidiaphragm
    aorta aortic vascular vessels airspace disease process abnormality abnormalities degenerative changes change
    fracture fractures fever cough pain shortness breath dyspnea trauma fall infection cancer tumor tumour
    device devices pacemaker picc wire wires clips sternotomy generator shielded colon wound healing pancreatic
    sarcoma cirrhosis wheezing visualized visualised occasional nonsmoker smoker great admit hx sx dx rx tx cabg
    figure figures fig figs table panel supplementary food drug drugs dose urgent urgently human respiratory
    temperature pathogen saline mask hg mmhg celsius fahrenheit coma scale novel real-time administration deficiency
    since until because present deceased hospice palliative renal hepatic transplant
    copd chf svc ivc ett ngt egd ekg ecg hiv tb ppd cvc iv etoh primordial comments lordotic supine erect
    upright semi-erect inspiration inspiratory expiration expiratory rotated rotation well-expanded left-sided
    right-sided one two three four five six seven eight nine ten ir vir gi gu ob ent obgyn ortho sicu micu cvicu
    csicu osh snf triage pcp tele hospitalists resonance magnetic husband wife son daughter mother father brother
    sister parents family lives retired former works worked value values alert alerts both"""
)
"""Words that end a name: none of them is part of one."""

SHORT_FORMS = _words("ng og et pa ap ct mr us pe pt ed er or ra rv la lv iv ij tb cm mm ml do no so in an on")
"""Short forms and small words of reports: in capitals none of them is a name of two letters."""

OF_SITES = _words(
    """of and for the general community county regional university medical health heart west east north south central
    children's women's cancer eye surgical surgery imaging diagnostic urgent care primary family pediatric orthopedic
    radiology hospital clinic center centre skilled nursing rehab rehabilitation outpatient specialty pain wound sleep
    maternity isolation psychiatric geriatric day vascular breast lung chest dental mental national federal public
    middle high elementary junior senior state view city"""
)
"""Words in the name of a hospital that name none by themselves."""

CLINICAL = _words(
    """head hand chest rib heart line short small large art lung left right normal clear stable bone see shadow do an in
    so la le no old new case close low high best good major minor base apex pole root dye hurt pain mass node tube plate
    film star main acute gross wide broad mild patient unknown anonymous none test day early moon page read sharp speed
    strong west ray rich"""
)
"""Names that are words of reports: known of a patient, they count only beside another name."""

COMMON = CLINICAL | _words(
    """long young white black brown green gray grey may will mark rose grace hope bell little wood stone hill field
    price rice cross king lane park pace sweet swift wall ward winter wise view april june august dean frank
    bill pat sue drew rob gene joy faith cook cage marsh frost snow ford banks barry bush still noble lash
    street bond booker baker mason carter miller cooper singer fisher man mann son hardy summers waters rivers
    walker"""
)
"""Names that are words too: they count with a capital inside a sentence, or where it is known that one is a name."""

EPONYMS = _words(
    """addison alzheimer apgar ashman aspergillus bankart barrett behcet bochdalek boerhaave bosniak broca broviac
    buerger castleman chagas chance charcot chiari chilaiditi chronic-marie codman cobb colles coombs cope crohn
    cushing dandy dobhoff dobbhoff dobb-hoff doppler down dressler duchenne eaton ehlers-danlos eisenmenger
    ewing fallot fleischner foley fowler frey friedreich gastrografin gaucher ghon gleason golden goodpasture
    graves groshong guillain-barre hampton harrington hashimoto heimlich hickman hill-sachs hodgkin holter
    horner hounsfield huntington jackson-pratt jefferson kaposi kartagener kerley kienbock klatskin kohler kohn
    kupffer kussmaul langerhans larrey legionella lemierre lisfranc loeffler ludwig lyme macleod mallory-weiss
    marfan marie meckel mediport meigs mendelson monteggia morgagni morison mycobacterium nissen non-hodgkin
    ogilvie osgood paget pancoast parkinson perthes pneumocystis poland pott port-a-cath pseudomonas quinton
    rasmussen raynaud reiter reye riedel rigler roentgen rokitansky salmonella schatzki scheuermann schmorl
    sengstaken-blakemore shiley sjogren spigelian staphylococcus starr-edwards still streptococcus swan
    swan-ganz ganz swyer-james takayasu tc-99m tenckhoff turner valsalva virchow waldenstrom wegener westermark
    whipple wilms wilson zenker ziehl-neelsen zollinger-ellison afib c-section t-spine l-spine c-spine s-shaped
    v-shaped u-shaped y-shaped h-shaped j-tube g-tube lasix tylenol coumadin xanax enbrel humira plavix lovenox
    ventolin omnipaque visipaque isovue veriphy epic powerscribe covid covid-19 sars-cov-2 medtronic biotronik
    arabic mandarin cantonese russian portuguese french german italian vietnamese korean japanese chinese haitian
    creole somali polish hindi urdu farsi tagalog ukrainian bengali nepali swahili greek turkish hebrew dutch punjabi
    english spanish american african asian caucasian hispanic european black white christian medicare medicaid
    tamiflu kaletra plaquenil actemra veklury zithromax rocephin zosyn augmentin tazocin advil motrin ativan
    lopressor lipitor crestor eliquis xarelto internet xxxx latino gram pap kodak fuji philips siemens
    gem lumina xray pacs dicom ris birads bi-rads lung-rads"""
)
"""What bears a name or a capital and names nobody here: diseases, signs, devices, brands, peoples."""

EXPLAINED = re.compile(
    r"(?:['’]s)?[ -](?:[A-C][ -])?(?:catheters?|signs?|lines?|diseases?|syndromes?|hernias?|nodes?|tubes?|drains?"
    r"|shunts?|valves?"
    r"|coma|masks?|stains?|assays?"
    r"|ports?|staples?|filters?|stents?|classification|grade|criteria|score|angle|fractures?|cysts?|rods?"
    r"|nails?|plates?"
    r"|procedures?|operation|method|lymphoma|tumou?rs?|sarcoma|complex|deformity|defects?|lesions?|bod(?:y|ies)|units?"
    r"|maneuver|manoeuvre|position|views?|spine|radiographs?|x-rays?)\b",
    re.IGNORECASE,
)
"""What follows an eponym that no list has."""

_LIKE_VERBS = _words(
    """cecily emily kelly sally molly holly polly billy willy lily lilly carly beverly kimberly shelly reilly o'reilly
    connolly donnelly kennelly scully tully daly healy fred alfred wilfred jared mohammed muhammed ahmed hamed
    saeed reed steed snead creed fleming manning harding browning redding keating downing golding sterling
    stirling herring irving channing dowling bowling pickering deering clement eric cedric frederic dominic
    ludovic petrovic jovanovic felicity charity trinity verity clive olive constable ingram bertram paloma
    mcclure couture laverty harkness mcguinness guinness furness"""
)
VERBAL = re.compile(
    rf"(?!(?:{'|'.join(sorted(_LIKE_VERBS))})$)"
    r"\w{3,}(?:ed|ing|tion|sion|ology|ly|ment|ous|itis|osis|oma|able|ible|gram|graphy|scopy|pathy|ness|ical|emia|uria"
    r"|ity|ures?|ive|ics?)",
    re.IGNORECASE,
)
"""Endings of words that are hardly names; asked only where capitals or small letters throughout tell nothing."""

"""Words of drugs, laboratory, microbes and diseases: capitalised inside a sentence they name nobody.

Most are told by their ending. An ending is taken only where no usual name has it: `-vir` alone would let Ranvir stay,
`-pril` April, `-pathy` Ganapathy, `-itis` Politis, so these ask for more letters. Asked only where nothing but a
capital makes a word doubtful: behind a title, a lead or a role a term is a name.
"""

import re


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_DRUGS = (
    r"penem|(?:my|mi)cin|cillin|cycline|oxacin|azole|sulfa|(?:na|ti|fo|lo|gra|bu|pre|ami|desi|pira|feno|oxa|trel|teca"
    r"|termo|clo)vir|mab|cept|statin|olol|pril|sartan|sartan|dipine|oquine|tinib|ciclib|parib|zomib|limus|xaban|gatran"
    r"|[aeo]parin|teplase|profen|fenac|[aou]caine|zepam|zolam|propofol|nisone|nisolone|asone|cortisone"
    r"|tidine|setron|semide|thiazide|gliptin|gliflozin|glutide|formin|phylline|utamol|terol|tropium|lukast|triptan"
    r"|dronate|oxetine|triptyline|idone|azepine|codone|morphone|fentanil|dopamine|nephrine|mycophenolate|prost"
)
_CEPHALOSPORINS = (
    r"cephalexin|cef(?:triaxone|tazidime|epime|uroxime|azolin|otaxime|ixime|podoxime|aclor|oxitin|taroline)"
)
_DISEASES = (
    r"tion|ology|(?:nch|on|at|thr|ard|phr|str|col|ul|cyst|dic|ll|ng|hal|nus|el|dyl|eur)itis|[bchlnrtx]osis|idosis|graphy"
    r"|scopy|opathy|[cdklnx]emia|teremia|uremia|ischemia|uria|penia|ectomy|otomy|ostomy|algia|plegia|ectasis|megaly"
    r"|deficiency|thorax|cardium"
)
_MICROBES = r"virus(?:es)?|bacteri(?:um|a)|bacter|bacillus|bacilli|coccus|cocci|plasma|omonas|mycosis|mycetes"
_LABORATORY = (
    r"cytes?|globulins?|globin|bilirubin|creatinine|calcitonin|ferritin|troponin|fibrinogen|protein|dehydrogenase"
)
_WHOLE = _words(
    """acetaminophen paracetamol aspirin insulin heparin morphine fentanyl ketamine midazolam colchicine ivermectin
    interferon ribavirin oxygen vitamin zinc corticosteroids? steroids? antibiotics? vaccines? antigens?
    antibod(?:y|ies) virus(?:es)? serum plasma urine sputum swabs? culture neutrophils? eosinophils? basophils?
    platelets? haematocrit hematocrit albumin glucose lactate sodium potassium calcium magnesium chloride bicarbonate
    cortisol d-dimers? amylase lipase transaminases? cholesterol triglycerides? influenza parainfluenza malaria dengue
    ebola zika measles varicella klebsiella bordetella moraxella chlamydia escherichia listeria histoplasma toxoplasma
    losartan valsartan hypertension anemia diabetes asthma sepsis delirium"""
)

_TERM = re.compile(
    rf"\w{{3,}}(?:{_DRUGS})|\w{{2,}}(?:{_DISEASES}|{_MICROBES})|\w*(?:{_LABORATORY})|{_CEPHALOSPORINS}"
    rf"|{'|'.join(_WHOLE)}",
    re.IGNORECASE,
)

_SHORT = _words(
    """CRP ESR LDH ALT AST GGT ALP CK CPK BNP TSH PCR RT-PCR WBC RBC HGB HCT PLT BUN INR PTT APTT ABG GFR EGFR HIV HCV
    HBV RSV CMV EBV MRSA COPD ARDS DVT ECMO CRRT CPAP PEEP ECG EKG HRCT BAL BID TID QID QD PRN PO IV IM SC GCS SOFA"""
)


def is_term(word: str) -> bool:
    """Tell whether each part of a word (`Lopinavir/Ritonavir`) is a term."""
    return all(_TERM.fullmatch(part) for part in word.split("/"))


def is_short_form(word: str) -> bool:
    """Tell whether a word is a laboratory's or a prescription's short form, written in capitals as such."""
    return word in _SHORT

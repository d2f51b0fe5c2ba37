#!/usr/bin/env python3
"""Writes metrics_*.json: what sacreBLEU, rouge_score and NLTK give for the texts below.

Run: python3 make_metrics.py        (needs sacrebleu, rouge_score, nltk; the tests need only the file)
"""
import json
import logging
import os
import random

import nltk
import rouge_score.rouge_scorer
import sacrebleu
from nltk.stem.porter import PorterStemmer
from sacrebleu.metrics import BLEU, CHRF, TER

logging.getLogger('sacrebleu').setLevel(logging.ERROR)  # it warns about hypotheses that look tokenized
SEED = 7

# hypothesis, three references
LINES = [
    ('The cat sat on the mat.', 'The cat sat on the mat.', 'A cat was sitting on the mat.', 'On the mat sat the cat.'),
    ('the the the the the the the', 'The cat is on the mat.', 'There is a cat on the mat.', 'the the cat'),
    ('It costs $1,234.56 (incl. 7.7% tax).', 'It costs $1,234.56 (7.7% tax incl.).', 'The price: $1234.56!', 'US$ 1,234.56'),
    ('On 2024-05-17 at 10:30 we met.', 'We met on 2024-05-17, at 10.30.', 'On 17/05/2024 at 10:30 we met', 'We met.'),
    ('He said &quot;no&quot; &amp; left &lt;quietly&gt;.', 'He said "no" & left <quietly>.', 'He said &quot;no&quot;.', '"No," he said & left'),
    ('&amp;quot; &#39; &apos; &nbsp; &amp;', '&quot; \' & ;', '&amp; &amp;', '& quot ;'),
    ('', 'An empty hypothesis.', 'Nothing at all', ''),
    ('There is no reference.', '', '', ''),
    ('', '', '', ''),
    ('   ', ' blank ', '\t', 'x'),
    ('  leading and trailing blanks \t ', 'leading and trailing blanks', 'leading, and trailing, blanks.', 'blanks'),
    ('Yes', 'No', 'Yes.', 'Yes'),
    ('Yes!', 'Yes!', 'Yes !', 'yes'),
    ('one two three four', 'one two three', 'one two three four five six', 'four three two one'),
    ('one two', 'one two three four five six seven eight nine ten', 'one', 'one two three'),
    ('a b c d e f g h i j k l m n o p', 'a b c d', 'i j k l', 'm n o p'),
    ('Der Preis beträgt 3,50 €, nicht 4.', 'Der Preis ist 3,50 € und nicht 4.', 'Es kostet 3,50 €.', 'Preis: 3,50€'),
    ('«Où est-il ?» demanda-t-elle…', '« Où est-il ? » demanda-t-elle…', '"Où est-il ?" a-t-elle demandé...', 'Où est-elle ?'),
    ('¿Dónde está la biblioteca? ¡Aquí!', '¿Dónde está la biblioteca? ¡Allí!', 'Dónde esta la biblioteca', '¡Aquí está!'),
    ('Привет, мир! Как дела?', 'Привет, мир! Как дела?', 'Здравствуй, мир. Как дела?', 'Привет мир'),
    ('ПРИВЕТ, МИР №5', 'привет, мир № 5', 'Привет, Мир №5!', 'мир'),
    ('今日は良い天気です。', '今日はいい天気ですね。', '本日は良い天気です。', '天気が良い。'),
    ('我喜欢吃苹果,你呢?', '我喜欢吃苹果，你呢？', '我爱吃苹果，你呢？', '你喜欢苹果吗？'),
    ('한국어 문장입니다.', '한국어 문장입니다.', '이것은 한국어 문장이다.', '한국어'),
    ('مرحبا بالعالم، كيف حالك؟', 'مرحبا بالعالم! كيف حالك؟', 'أهلا بالعالم، كيف الحال؟', 'مرحبا'),
    ('नमस्ते दुनिया। कैसे हो?', 'नमस्ते, दुनिया। आप कैसे हैं?', 'नमस्कार दुनिया।', 'नमस्ते'),
    ('สวัสดีชาวโลก ๑๒๓.๔๕', 'สวัสดีชาวโลก ๑๒๓,๔๕', 'สวัสดี ๑๒๓.๔๕', 'โลก'),
    ('Nice 👍🏽 work 😀😀 team 👩‍👩‍👧!', 'Nice 👍 work 😀 team 👩‍👩‍👧!', 'Good work, team! 😀', '👍🏽'),
    ('ΟΔΥΣΣΕΥΣ ΚΑΙ ΠΗΝΕΛΟΠΗ ΣΤΗΣ', 'Οδυσσευς και Πηνελοπη στης', 'οδυσσευσ και πηνελοπη', 'ΟΔΥΣΣΕΥΣ. Σ'),
    ('İstanbul ve IĞDIR', 'i̇stanbul ve iğdir', 'İSTANBUL VE IĞDIR', 'Istanbul'),
    ('200 \u212a (Kelvin), 5 \u212b, \u2126', '200 k (kelvin), 5 å, ω', '200 K', '5 Å'),
    ('x² + y² ≤ 10 ± 3 × 5', 'x² + y² ≤ 10 ± 3 * 5', 'x^2 + y^2 <= 10', '≤ ±'),
    ('non\u00a0breaking\u2003em\u3000ideographic\u200bzero', 'non breaking em ideographic zero', 'non\u00a0breaking', 'zero'),
    ("rock-'n'-roll, it's well-known: co-op 3-4 5-a", "rock 'n' roll; it's well known: co-op 3 - 4", "rock'n'roll", 'co-op'),
    ('wait... what?! no--yes -- ok.', 'wait ... what ?! no -- yes - ok', 'Wait… what?!', 'no—yes – ok.'),
    ('.5 and 5. and 1,000,000.00,', '0.5 and 5.0 and 1000000.00', '.5, 5. 1,000,000', '.5'),
    ('http://www.example.org/a_b?c=d#e', 'https://www.example.org/a_b?c=d', 'www.example.org', 'example'),
    ('e\u0301te\u0301 vs été', 'été vs e\u0301te\u0301', 'ete vs ete', 'été'),
    ('<skipped> tags [and] {braces} `ticks` ~ ^ \\ |', 'tags [and] {braces} `ticks`', '<skipped>', '~ ^ \\ |'),
    ('A\x1cB\x85C D\x0bE', 'A B C D E', 'A\x1cB', 'D E'),
    ('downtown the big bridge collapsed in the storm last night', 'last night the big bridge downtown collapsed in the storm',
     'in the storm the big downtown bridge collapsed last night', 'the bridge collapsed'),
    ('c d a b', 'a b c d', 'b a d c', 'd c b a'),
    ('this week the saudis denied information published in the new york times',
     'saudi arabia denied this week information published in the american new york times',
     'this week , saudi arabia denied what the new york times had published', 'saudis denied this week'),
    ('Mixed CASE Words Stay', 'mixed case words stay', 'MIXED CASE WORDS STAY', 'Mixed case words'),
    ('a a a b b b a a a', 'b b b a a a a a a', 'a b a b a b a b a', 'a'),
    ('"quoted" \'single\' (round) word, word; word: .', '"quoted", \'single\', (round) word; word', 'quoted single', '...'),
]
TOKENIZER_LINES = [
    'a.b,c 1.2,3 a.1 1.a .a a. ,,, ... .,. 1..2 1.,2', '-5 5- 5-6 a-5 5-a 5--6', '$5 #6 %7 @8 *9 +1', 'a&b &amp;lt; &LT; &quot &gt;',
    'don\'t "do" `that`', '١٢٣,٤٥ ۱.۲', '１２．３，ａ', 'a…b—c–d‐e', '€5 £6 ¥7 a+b=c |x| ~y', '©®™ ° № § ¶', 'tab\there\u2028line', '',
    ' . ', '1 . 2 , 3', '2.5.6, 7,8.', '。、「」!？', '½.5 ².5 Ⅷ.5', '\ufeffbom\u200d.', 'a <skipped>b</skipped> <SKIPPED>', '\U0001d7d8.\U0001d7d9',
]
SUMMARIES = [
    ('The police killed the gunman.', ['Police killed the gunman.']),
    ('the gunman kill police', ['police killed the gunman', 'the gunman police killed']),
    ('Markets rallied on Monday.\nInvestors were cheered by lower rates.', ['Investors cheered lower interest rates.\nMarkets rallied Monday.']),
    ('w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5', ['w1 w2 w3 w4 w5']),
    ('a a b b c c\nc b a', ['a b c\na b c\nc c c']),
    ('', ['An empty prediction.']), ('An empty target', ['']), ('', ['']), ('!!!', ['???']),
    ('Running runners ran happily; flies, dying skies.', ['A runner runs happily. A fly died in the sky.']),
    ('It was 3.5% of GDP (2021).', ['3.5 % of the GDP in 2021', 'It was 4%']),
    ('\n\nTwo\n\nblank lines\n', ['two blank\nlines']),
    ('200 \u212a İzmir café', ['200 k i zmir caf']),
    ('the same the same the same', ['the same']),
    ('Hundreds of thousands of protesters marched through the capital, demanding elections.\nThe government refused.\nTalks go on.',
     ['Protesters demanding elections marched through the capital.\nTalks with the government are going on.',
      'The government refused to hold elections.\nHundreds of thousands protested.']),
]
STEM_SUFFIXES = ('', 's', 'es', 'ed', 'ing', 'er', 'ly', 'ation', 'ational', 'izer', 'fulness', 'ousness', 'iveness', 'ality', 'ably', 'fully')
STEM_ROOTS = 'hop hope agree plaster motor siz conflat troubl fall hiss fizz fil care sens adopt'.split()
STEM_WORDS = '''
caresses ponies ties caress cats feed agreed plastered bled motoring sing conflated troubled sized hopping tanned falling hissing
fizzed failing filing happy sky skies say by try enjoy relational conditional rational valenci hesitanci digitizer conformabli
radicalli differentli vileli analogousli vietnamization predication operator feudalism decisiveness hopefulness callousness
formaliti sensitiviti sensibiliti triplicate formative formalize electriciti electrical hopeful goodness revival allowance
inference airliner gyroscopic adjustable defensible irritant replacement adjustment dependent adoption homologou communism activate
angulariti homologous effective bowdlerize probate rate cease controll roll dying lying tying news innings inning outings outing
cannings canning howe proceed exceed succeed died lied tied pies spied flies fly flying oed aed ing ed bed king ring owing
apology apologi logi geology theologically really totally finally annually generally hopefully beautifully usefully ably possibly
national nationally nationality organization organizational organisation electricity electric city cities activity sensibility
abilities ability responsible responsibly importance important differ difference different differently employment element
cement comment moment ointment ion nation motion decision possession adoption relation able table stable capable cable
yes yet you yellow toy toys toyed boy buying played player plays dry dried dries drying eye eyes syzygy rhythm
generous generously generousness used user uses using us is was as bus buses gas gases glasses classless hopelessness
abcdefg 2021 3rd 20th covid19 x1s a1ed 1ing aaaa eeee bbbb zzzz ssss lll alll ball balls balled tally
'''.split()


def random_lines():
    """Long lines over a small vocabulary: many shifts, the candidate limit and the edges of the beam of TER."""
    rng = random.Random(SEED)
    lines = []
    for words, vocabulary in ((12, 6), (25, 30), (60, 80), (90, 12), (110, 200)):
        reference = ['w%d' % rng.randrange(vocabulary) for _ in range(words)]
        hypothesis = list(reference)
        for _ in range(4):
            start, length, target = rng.randrange(words), rng.randrange(1, 8), rng.randrange(words)
            block = hypothesis[start:start + length]
            del hypothesis[start:start + length]
            hypothesis[target:target] = block
        for _ in range(words // 10):
            hypothesis[rng.randrange(len(hypothesis))] = 'x%d' % rng.randrange(5)
        lines.append((' '.join(hypothesis), ' '.join(reference), ' '.join(reversed(reference)), ' '.join(reference[words // 3:])))
    lines.append((' '.join('s%d' % (i % 7) for i in range(3)), ' '.join('s%d' % (i % 7) for i in range(170)), 's1 s2', 's0'))
    return lines


ALL = LINES + random_lines()
HYPOTHESES = [line[0] for line in ALL]
REFERENCES = [[line[r] for line in ALL] for r in (1, 2, 3)]


def subset(begin, end, references):
    return HYPOTHESES[begin:end], [lines[begin:end] for lines in REFERENCES[:references]]


def signature(metric):
    """Without the version, the last field."""
    return metric.get_signature().format().rsplit('|version:', 1)[0]


def bleu_case(begin, end, references, **options):
    metric = BLEU(**options)
    result = metric.corpus_score(*subset(begin, end, references))
    return dict(begin=begin, end=end, references=references, tokenizer=options.get('tokenize', '13a'), smoothing=metric.smooth_method,
                smoothing_value=options.get('smooth_value'), effective_order=metric.effective_order, lowercase=metric.lowercase,
                score=result.score, precisions=result.precisions, bp=result.bp, hypothesis_length=result.sys_len,
                reference_length=result.ref_len, signature=signature(metric))


def bleu_cases():
    cases = []
    for tokenize in ('13a', 'intl', 'char', 'none'):
        for lowercase in (False, True):
            cases += [bleu_case(0, len(ALL), r, tokenize=tokenize, lowercase=lowercase) for r in (1, 3)]
    for method, values in (('exp', [None]), ('floor', [None, 0.01]), ('add-k', [None, 0.5]), ('none', [None])):
        for value in values:
            for effective in (False, True):
                options = dict(smooth_method=method, smooth_value=value, effective_order=effective)
                cases += [bleu_case(0, len(ALL), 2, **options)]
                cases += [bleu_case(i, i + 1, 1, **options) for i in (1, 3, 7, 11, 13, 14, 15)]
    return cases + [bleu_case(i, i + 1, 3, effective_order=True) for i in range(len(ALL))]


def chrf_case(begin, end, references, **options):
    metric = CHRF(**options)
    result = metric.corpus_score(*subset(begin, end, references))
    return dict(begin=begin, end=end, references=references, char_order=metric.char_order, word_order=metric.word_order,
                beta=metric.beta, lowercase=metric.lowercase, score=result.score, name=result.name, signature=signature(metric))


def chrf_cases():
    cases = [chrf_case(0, len(ALL), r, word_order=w, lowercase=c) for r in (1, 3) for w in (0, 2) for c in (False, True)]
    cases += [chrf_case(0, len(ALL), 2, char_order=4, word_order=1, beta=3), chrf_case(0, len(ALL), 1, beta=1)]
    return cases + [chrf_case(i, i + 1, 3, word_order=2) for i in range(len(ALL))]


def ter_case(begin, end, references, case_sensitive=False):
    metric = TER(case_sensitive=case_sensitive)
    result = metric.corpus_score(*subset(begin, end, references))
    return dict(begin=begin, end=end, references=references, case_sensitive=case_sensitive, score=result.score,
                edits=result.num_edits, reference_length=result.ref_length, signature=signature(metric))


def ter_cases():
    cases = [ter_case(0, len(ALL), r, c) for r in (1, 3) for c in (False, True)]
    return cases + [ter_case(i, i + 1, 1) for i in range(len(ALL))] + [ter_case(i, i + 1, 3, True) for i in range(len(ALL))]


def rouge_cases():
    names = ('rouge1', 'rouge2', 'rougeL', 'rougeLsum')
    cases = []
    for stemmer in (False, True):
        scorer = rouge_score.rouge_scorer.RougeScorer(names, use_stemmer=stemmer)
        texts = SUMMARIES + [(line[0], list(line[1:])) for line in LINES]
        for i, (hypothesis, references) in enumerate(texts):
            scores = scorer.score_multi(references, hypothesis)
            values = [[s.precision, s.recall, s.fmeasure] for s in (scores[n] for n in names)]
            if i < len(SUMMARIES) or any(v[2] for v in values):
                cases.append(dict(hypothesis=hypothesis, references=references, stemmer=stemmer, scores=values))
    return cases


def token_cases():
    lines = HYPOTHESES[:len(LINES)] + TOKENIZER_LINES
    return [dict(tokenizer=name, line=line, tokens=BLEU(tokenize=name).tokenizer(line.rstrip()).split())
            for name in ('13a', 'intl', 'char') for line in lines if name != 'char' or len(line) < 20]


def stems():
    stemmer = PorterStemmer()
    words = STEM_WORDS + [root + suffix for root in STEM_ROOTS for suffix in STEM_SUFFIXES]
    return {word: stemmer.stem(word) for word in words}


def rounded(value):
    """13 significant digits, far below the 1e-9 that the tests ask for."""
    if isinstance(value, float):
        return float('%.13g' % value)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, (list, tuple)) else value


def write(name, content):
    content = dict(made_by='tests/golden/make_metrics.py, seed %d' % SEED, sacrebleu=sacrebleu.__version__, nltk=nltk.__version__, **content)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    with open(path, 'w', encoding='utf8') as out:
        out.write('{\n' + ',\n'.join('"%s": %s' % (key, compact(rounded(value))) for key, value in content.items()) + '\n}\n')
    print(name, os.path.getsize(path), 'bytes')


def compact(value):
    """One line for each element of a list, so that a change of one case is a change of one line."""
    text = lambda item: json.dumps(item, ensure_ascii=False, separators=(',', ':'))
    return '[\n' + ',\n'.join(map(text, value)) + '\n]' if isinstance(value, list) else text(value)


write('metrics_lines.json', dict(hypotheses=HYPOTHESES, references=REFERENCES, tokens=token_cases()))
write('metrics_bleu.json', dict(bleu=bleu_cases()))
write('metrics_chrf_ter.json', dict(chrf=chrf_cases(), ter=ter_cases()))
write('metrics_rouge.json', dict(rouge=rouge_cases(), stems=stems()))

#!/usr/bin/env python3
"""Reference of `lowbit prepare ddtp` in Python 3 (standard library only), and maker of tests/golden/prepare/.

  make_prepare.py                                     writes tests/golden/prepare/ (Python 3.11, Unicode 14)
  make_prepare.py LISTS LANGUAGE KINDS ROWS OUT       the same for a real index: compare OUT with what lowbit prepare writes
                                                      (KINDS: syn,item,par,sent or all; ROWS: of dev and of test)
"""
import collections
import glob
import hashlib
import json
import os
import random
import re
import sys
import unicodedata

WHITE = re.compile(r'\s+')
INVISIBLE = re.compile(r'[\x00-\x08\x0b-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\ufeff]')
ABBREVIATIONS = {
    'en': 'e.g i.e etc vs cf approx no vol fig dr mr mrs st inc ltd co jr prof al resp incl ver v p pp'.split(),
    'de': 'z.b d.h u.a z b d h etc bzw vgl ca nr bd abb dr hr fr st usw ggf evtl inkl sog u.u o.ä u.ä s i.a resp max min '
          'mind engl'.split(),
    'fr': 'p.ex p ex etc cf env n° no vol fig dr m mm st c.-à-d'.split(),
    'it': 'es p.es ecc etc cfr vol n fig dott sig'.split(),
    'es': 'p.ej ej etc cf vol n fig sr sra'.split(),
    'ro': 'de ex d.p.d.v etc ș.a.m.d nr vol fig dl d.ex p'.split(),
    'cs': 'např tj apod atd č tzv resp popř viz str obr mj př'.split(),
}
BOUNDARY = re.compile(r'([.!?:…]["»“”’\')\]]*)\s+(?=["„«“‘(\[]*[A-ZÀ-ÖØ-ÞĂÂÎȘȚŠČŘŽĎŤŇŮĚŁŚŻŹĆ0-9])')
TOKEN = re.compile(r'[^\W\d_]+|\d+|[^\w\s]')
BULLET = re.compile(r'^\s*(?:[*\-+o·•]|\(?\d{1,2}[.)])\s+')


def clean(text):
    return WHITE.sub(' ', INVISIBLE.sub('', unicodedata.normalize('NFC', text))).strip()


def sentences(text, language):
    out, start = [], 0
    abbreviations = ABBREVIATIONS.get(language, ABBREVIATIONS['en'])
    for match in BOUNDARY.finditer(text):
        mark = match.group(1)[0]
        if mark == ':':
            continue
        if mark == '.':
            words = text[start:match.start()].rsplit(None, 1)
            word = words[-1].lstrip('("„«“[').lower() if words else ''
            if word in abbreviations or len(word) == 1 and word.isalpha() or language == 'de' and word.isdigit():
                continue
        out.append(text[start:match.end(1)].strip())
        start = match.end()
    out.append(text[start:].strip())
    return [s for s in out if s]


def plausible(a, b, ratio=2.2):
    a, b = len(a) + 8, len(b) + 8
    return a / b < ratio and b / a < ratio


def sentence_pairs(source, target, language):
    a, b = sentences(source, 'en'), sentences(target, language)
    if len(a) == len(b) > 1 and all(plausible(x, y) for x, y in zip(a, b)):
        return list(zip(a, b))
    return [(source, target)]


def enough_letters(text):
    return sum(c.isalpha() for c in text) >= 0.6 * len(text.replace(' ', ''))


def keep(source, target):
    a, b = source.split(), target.split()
    if not 3 <= len(a) <= 100 or not 1 <= len(b) <= 150 or not plausible(source, target):
        return False
    if not enough_letters(source) or not enough_letters(target):
        return False
    known = {w.lower() for w in a}
    if sum(w.lower() in known for w in b) > 0.6 * len(b):
        return False
    return not ('\ufffd' in source or '\ufffd' in target or 'http' in source and len(a) < 6)


def dedupe_key(text):
    text = re.sub(r'\d+', '0', text.lower())
    return WHITE.sub(' ', re.sub(r'[^\w\s]', ' ', text)).strip()


def template_key(text):
    text = re.sub(r'["“„«»”\'`‘’][^"“„«»”\'`‘’]{1,60}["“„«»”\'`‘’]', 'X', text)
    text = re.sub(r'\S*[\d_/\\<>@:.-]\S*\w', 'X', text)
    return dedupe_key(re.sub(r'\b\w*[A-Z]\w*[A-Z]\w*\b', 'X', text))


def position(key):
    return int.from_bytes(hashlib.sha256(('lowbit-v1\0' + key).encode()).digest()[:8], 'big') / 2 ** 64


def ngrams(text, n=5):
    words = dedupe_key(text).split()
    return {tuple(words[i:i + n]) for i in range(max(1, len(words) - n + 1))} if words else set()


def split_rows(rows, count, share):
    """rows of (document, kind, source, target) -> {split: rows of (document, source, target, keys...)}"""
    parts = {'train': [], 'dev': [], 'test': []}
    pairs, per_source, per_template = set(), collections.Counter(), collections.Counter()
    for document, _, source, target in rows:
        if not keep(source, target):
            continue
        a, b = dedupe_key(source), dedupe_key(target)
        if (a, b) in pairs or per_source[a] >= 2:
            continue
        pairs.add((a, b))
        per_source[a] += 1
        pattern = template_key(source)
        if per_template[pattern] >= 8:
            continue
        per_template[pattern] += 1
        u = position(document)
        parts['test' if u < share else 'dev' if u < 2 * share else 'train'].append((document, source, target, a, b, pattern))
    train = parts['train']
    sources, targets, patterns = ({r[i] for r in train} for i in (3, 4, 5))
    grams = set().union(*(ngrams(r[1]) for r in train))
    rng, used = random.Random(1), set()
    for name in 'test', 'dev':
        kept, own_patterns, per_document = [], set(), collections.Counter()
        rng.shuffle(parts[name])
        for row in parts[name]:
            document, source, _, a, b, pattern = row
            if not 5 <= len(source.split()) <= 60 or a in sources or b in targets or pattern in patterns:
                continue
            if pattern in own_patterns or a in used or per_document[document] >= 60:
                continue
            own = ngrams(source)
            if len(own & grams) > 0.5 * len(own):
                continue
            own_patterns.add(pattern)
            used.add(a)
            per_document[document] += 1
            kept.append(row)
        parts[name] = kept[:count]
    rng.shuffle(train)
    return parts


def stanzas(path):
    stanza, last = {}, None
    for line in open(path, encoding='utf8').read().split('\n'):
        if not line.strip(' \t\r\n'):
            if stanza:
                yield stanza
            stanza, last = {}, None
        elif line[0] in ' \t':
            stanza[last].append(line)
        else:
            last, _, value = line.partition(':')
            stanza[last] = [value.strip()]


def paragraphs(lines):
    result, segments = [], []
    for line in lines + [' .']:
        line = line[1:]
        if line.strip() in ('', '.'):
            if segments:
                result.append([clean(s) for s in segments])
            segments = []
        elif BULLET.match(line):
            segments.append(BULLET.sub('', line))
        elif segments:
            segments[-1] += ' ' + line.strip()
        else:
            segments.append(line.strip())
    return result


def descriptions(path, language):
    return {(s['Package'][0], s['Description-md5'][0]): s['Description-' + language]
            for s in stanzas(path) if 'Description-' + language in s and 'Description-md5' in s}


def read_ddtp(lists, language):
    sources = {}
    for path in sorted(glob.glob(os.path.join(lists, '*_Packages'))):
        for s in stanzas(path):
            sources[s['Package'][0]] = s.get('Source', s['Package'])[0].split(' ')[0]
    rows, seen = [], set()
    for path in sorted(glob.glob(os.path.join(lists, '*_i18n_Translation-en'))):
        other = path[:-2] + language
        if not os.path.exists(other):
            continue
        english = descriptions(path, 'en')
        for key, target in descriptions(other, language).items():
            source = english.get(key)
            if not source or key in seen:
                continue
            seen.add(key)

            def emit(kind, a, b):
                if a and b:
                    rows.append(('ddtp:' + sources.get(key[0], key[0]), kind, a, b))
            emit('syn', clean(source[0]), clean(target[0]))
            a, b = paragraphs(source[1:]), paragraphs(target[1:])
            if len(a) != len(b):
                continue
            for p, q in zip(a, b):
                for x, y in zip(p, q) if len(p) == len(q) else [(' '.join(p), ' '.join(q))]:
                    pairs = sentence_pairs(x, y, language)
                    for u, v in pairs:
                        emit('item' if len(p) > 1 else 'par' if len(pairs) == 1 else 'sent', u, v)
    return rows


def write_split(rows, count, share, out):
    os.makedirs(out, exist_ok=True)
    for name, part in split_rows(rows, count, share).items():
        with open(os.path.join(out, name + '.tsv'), 'w', encoding='utf8', newline='\n') as f:
            f.writelines('\t'.join(('ddtp',) + row[:3]) + '\n' for row in part)


# ---- the golden files: an apt index made of the CC0 excerpts and of awkward stanzas written for it

HERE = os.path.dirname(os.path.abspath(__file__))
CORPORA = os.path.join(HERE, '..', '..', 'data', 'corpora')

AWKWARD = [  # package, source package, English lines, Italian lines
    ('bullets', 'awkward', ['lists in every style of bullet', ' Intro to the list:', '  * first item of the list', '  - second item of the list',
                            '    that goes on', '  (3) third item of the list', '  o fourth item of the list', ' .', ' Closing words of the text.'],
     ['elenchi con ogni stile di punto', ' Introduzione alla lista:', '  * prima voce della lista', '  · seconda voce della lista',
      '    che continua', '  3) terza voce della lista', '  • quarta voce della lista', ' .', ' Parole finali del testo.']),
    ('uneven', 'awkward', ['paragraphs that do not agree in number', ' One paragraph here.'],
     ['paragrafi che non concordano nel numero', ' Un paragrafo qui.', ' .', ' E un altro qui.']),
    ('uneven-items', 'awkward', ['items that do not agree in number', ' * one item of them', ' * another item of them'],
     ['voci che non concordano nel numero', ' * una sola voce per tutte queste cose']),
    ('abbreviations', 'awkward-two', ['sentences with abbreviations and initials',
                                      ' It works, e.g. On Linux, by J. R. Smith. It costs 3.5 euros! Is it free? "Yes." It is… Really: Yes.'],
     ['frasi con abbreviazioni e iniziali',
      ' Funziona, p.es. Su Linux, di J. R. Smith. Costa 3,5 euro! È libero? «Sì.» Lo è… Davvero: Sì.']),
    ('unicode', 'awkward-two', ['text\u00a0with\u200b odd \u00ad white\u2003space and cafe\u0301s'],
     ['testo\u00a0con\u200b strani \u00ad spazi\u2003bianchi e caffe\u0300']),
    ('copied', 'awkward-two', ['GNOME XML library for Python'], ['GNOME XML library for Python 3']),
    ('address', 'awkward-two', ['see http://example.org for more'], ['si veda il sito per altre informazioni']),
    ('digits', 'awkward-two', ['100 200 300 400 a b'], ['100 200 300 400 uno due']),
    ('long', 'awkward-two', ['a short text here'], ['una traduzione molto più lunga di quanto sia plausibile per un testo così breve']),
] + [('libfoo%d-dev' % i, 'foo%d' % i, ['development files for libfoo%d' % i, " This package contains the headers of 'foo %d'." % i],
      ['file di sviluppo di libfoo%d' % i, ' Questo pacchetto contiene gli header di «foo %d».' % i]) for i in range(3)] + [
    ('lib%s-doc' % name.lower(), 'src-%s' % name.lower(), ['reference manual of the %s library' % name],
     ['manuale di riferimento per la biblioteca %s' % name]) for name in (chr(65 + i) + 'QT' for i in range(12))] + [
    ('variant%d' % i, 'variant%d' % i, ['one text with several translations'], [italian])
    for i, italian in enumerate(('un testo con molte traduzioni', 'un solo testo, varie traduzioni', 'testo dalle molteplici traduzioni'))]


def index_from_excerpts():
    groups = collections.OrderedDict()
    for line in open(os.path.join(CORPORA, 'cc0', 'en-it.tsv'), encoding='utf8'):
        name, package, element, english, italian = line.rstrip('\n').split('\t')
        groups.setdefault(name, [package]).append((element, english, italian))
    for name, (package, *rows) in groups.items():
        binary = re.sub(r'[^a-z0-9.+-]', '-', os.path.basename(name).lower())
        sides = [], []
        for i, (element, *texts) in enumerate(rows):
            for lines, text in zip(sides, texts):
                words = text.split()
                wrapped = [' '.join(words[k:k + 12]) for k in range(0, len(words), 12)]
                if i == 0:
                    lines.append(text)
                elif element == 'li':
                    lines += ['  * ' + wrapped[0]] + ['    ' + w for w in wrapped[1:]]
                else:
                    lines += [' .'] * (i > 1) + [' ' + w for w in wrapped]
        yield binary, package, sides[0], sides[1]


def make_golden():
    out = os.path.join(HERE, 'prepare')
    lists = os.path.join(out, 'lists')
    os.makedirs(lists, exist_ok=True)
    entries = list(index_from_excerpts()) + AWKWARD
    prefix = os.path.join(lists, 'golden_dists_main_')
    with open(prefix + 'binary_Packages', 'w', encoding='utf8', newline='\n') as f:
        for binary, source, _, _ in entries:
            f.write('Package: %s\n%sVersion: 1\n\n' % (binary, '' if source == binary else 'Source: %s (1)\n' % source))
    for language, side in ('en', 2), ('it', 3):
        with open(prefix + 'i18n_Translation-' + language, 'w', encoding='utf8', newline='\n') as f:
            for entry in entries:
                md5 = hashlib.md5('\n'.join(entry[2]).encode()).hexdigest()
                f.write('Package: %s\nDescription-md5: %s\nDescription-%s: %s\n\n' % (entry[0], md5, language, '\n'.join(entry[side])))
    write_split(read_ddtp(lists, 'it'), 30, 0.15, os.path.join(out, 'expected'))

    texts = [t for e in AWKWARD[:9] for side in e[2:] for t in side]
    texts += [line.split('\t')[3 + i % 2] for i, line in enumerate(open(os.path.join(CORPORA, 'cc0', 'en-de.tsv'), encoding='utf8'))
              if i % 9 == 0]
    texts += ['', ' ', "It's 'quoted text' and \"more of it\" v1.2.3-4 in /usr/lib", 'Die 3. Auflage. Der 2. Band z.B. Hier. Ende',
              'foo_bar <foo@bar.org> FOOBar HTTPServer C++ µm ² ½ Ⅷ ٣ ÀÉÎ ŒUVRE', '日本語のテキスト。次の文。', 'a\u0301\u0327 e\u0308 Å \u212b ﬁ']
    cases = [dict(text=t, clean=clean(t), dedupe=dedupe_key(clean(t)), template=template_key(clean(t)), tokens=len(TOKEN.findall(clean(t))),
                  sentences={g: sentences(clean(t), g) for g in ('en', 'de')}) for t in texts]
    rng = random.Random(1)
    shuffles = [list(range(n)) for n in (1, 2, 4, 5, 100)]
    for rows in shuffles:
        rng.shuffle(rows)
    keys = ['ddtp:bash', 'ddtp:libreoffice', 'ș']
    golden = dict(made_by='tests/golden/make_prepare.py, Python %s, Unicode %s' % (sys.version.split()[0], unicodedata.unidata_version),
                  text=cases, shuffles=shuffles, positions={k: position(k) for k in keys})
    with open(os.path.join(out, 'text.json'), 'w', encoding='utf8') as f:
        json.dump(golden, f, ensure_ascii=False, indent=0)


if len(sys.argv) == 1:
    make_golden()
else:
    rows = read_ddtp(sys.argv[1], sys.argv[2])
    if sys.argv[3] != 'all':
        rows = [r for r in rows if r[1] in sys.argv[3].split(',')]
    write_split(rows, int(sys.argv[4]), 0.03, sys.argv[5])

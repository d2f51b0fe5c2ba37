#!/usr/bin/env python3
"""Writes denoise.json: blocks and what BART's noise makes of them, for tests/data/denoise/noise_test.cpp.

The noise is written here a second time, in the vector form of fairseq's description (models.md 9 states the same), with the
project's generator (Philox4x32-10) so that every draw can be compared: positions by Fisher and Yates from the end, lengths by
inversion of the cumulative distribution.

Run: python3 make_denoise.py        (standard library only)
"""
import bisect
import json
import math
import os
import random

MASK32 = 0xFFFFFFFF


def philox(key, low, high):
    k0, k1 = key & MASK32, key >> 32
    c = [low & MASK32, low >> 32, high & MASK32, high >> 32]
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & MASK32, (p0 >> 32) ^ c[3] ^ k1, p0 & MASK32]
        k0, k1 = (k0 + 0x9E3779B9) & MASK32, (k1 + 0xBB67AE85) & MASK32
    return c


class Random:
    def __init__(self, key):
        self.key, self.position = key, 0

    def draw(self):
        c = philox(self.key, self.position, 0x6B65790000000000)
        self.position += 1
        return c[0] << 32 | c[1]

    def below(self, n):
        limit = 2**64 - 1 - (2**64 - 1) % n
        while True:
            d = self.draw()
            if d < limit:
                return d % n

    def uniform(self):
        return (self.draw() >> 11) * 2.0**-53

    def permutation(self, items):
        items = list(items)
        for i in range(len(items), 1, -1):
            j = self.below(i)
            items[i - 1], items[j] = items[j], items[i - 1]
        return items


def permute_sentences(tokens, p, stop, rng):
    full = [t in stop for t in tokens]
    full[len(tokens) - 2] = True
    ends = [t + 2 for t in range(len(tokens) - 1) if full[t + 1] and not full[t] and t + 2 < len(tokens)]
    m = len(ends)
    k = math.ceil(m * p)
    chosen = rng.permutation(range(m))[:k]
    order = list(range(m))
    for place, which in zip(chosen, rng.permutation(range(k))):
        order[place] = chosen[which]
    result, at = list(tokens), 1
    for i in order:
        sentence = tokens[ends[i - 1] if i else 1:ends[i]]
        result[at:at + len(sentence)] = sentence
        at += len(sentence)
    return result


def insertion(tokens, n, o, vocab, rng):
    if n == 0:
        return tokens
    slots = [s + 1 for s in rng.permutation(range(len(tokens) + n - 2))[:n]]
    randoms = math.ceil(o['mask_random'] * n)
    result = [None] * (len(tokens) + n)
    for i, slot in enumerate(slots):
        result[slot] = 1 + rng.below(vocab['size'] - 1) if i < randoms else vocab['mask']
    rest = iter(tokens)
    return [next(rest) if t is None else t for t in result]


def poisson_table(lam):
    table, sums, p, k = [], [], math.exp(-lam), 0
    while True:
        table.append(p)
        if p < 1e-7 or len(table) == 128:
            break
        p *= lam / (k + 1)
        k += 1
    total = 0.0
    for value in table:
        total += value
        sums.append(total)
    return [s / total for s in sums]


def whole_word_mask(tokens, o, vocab, rng):
    n_tokens = len(tokens)
    flags = [0 if i in (0, n_tokens - 1) else int(o['mask_length'] == 'subword' or tokens[i] in vocab['starts'])
             for i in range(n_tokens)]
    starts = [i for i, f in enumerate(flags) if f]
    n = math.ceil(o['mask'] * len(starts))
    if n == 0:
        return tokens
    inserts, lengths = 0, [1] * n
    if o['mask_length'] == 'span-poisson':
        table, lengths = poisson_table(o['poisson_lambda']), []
        while sum(lengths) < n:
            lengths.append(min(bisect.bisect_right(table[:-1], rng.uniform()), n - sum(lengths)))
        inserts = lengths.count(0)
        lengths = [length for length in lengths if length]
    at = rng.permutation(starts)[:len(lengths)]
    shows_random = [rng.uniform() < o['mask_random'] for _ in at]
    tokens, keep = list(tokens), [True] * n_tokens
    flags[-1] = 255

    def put(place, is_random):
        tokens[place] = 1 + rng.below(vocab['size'] - 1) if is_random else vocab['mask']

    for place, is_random in zip(at, shows_random):
        if o['replace_length'] == 0:
            keep[place] = False
        else:
            put(place, is_random)
    live = [(place, length - 1, is_random) for place, length, is_random in zip(at, lengths, shows_random)]
    while live:
        live = [(p + 1, length - flags[p + 1], r) for p, length, r in live if length - flags[p + 1] >= 0]
        for place, _, is_random in live:
            if o['replace_length'] == -1:
                put(place, is_random)
            else:
                keep[place] = False
    return insertion([t for t, k in zip(tokens, keep) if k], inserts, o, vocab, rng)


def noise(tokens, o, vocab, key):
    rng = Random(key)
    if len(tokens) <= 2:
        return list(tokens)
    if o['permute_sentences'] > 0:
        tokens = permute_sentences(tokens, o['permute_sentences'], vocab['stops'], rng)
    if o['mask'] > 0:
        tokens = whole_word_mask(tokens, o, vocab, rng)
    if o['insert'] > 0:
        tokens = insertion(tokens, math.ceil(o['insert'] * len(tokens)), o, vocab, rng)
    if o['rotate'] > 0 and rng.uniform() < o['rotate']:
        offset = 1 + rng.below(len(tokens) - 1)
        tokens = tokens[:1] + tokens[offset:-1] + tokens[1:offset] + tokens[-1:]
    return tokens


BART = {'mask': 0.3, 'mask_length': 'span-poisson', 'poisson_lambda': 3.5, 'replace_length': 1, 'mask_random': 0.1,
        'permute_sentences': 1, 'insert': 0, 'rotate': 0}
SETTINGS = [
    BART,
    {**BART, 'mask': 0.35, 'replace_length': -1},
    {**BART, 'mask': 0.5, 'replace_length': 0, 'permute_sentences': 0.5},
    {**BART, 'poisson_lambda': 0.4, 'permute_sentences': 0, 'mask_random': 0.3},  # most spans are empty: insertions
    {**BART, 'mask_length': 'word', 'mask_random': 0.5},
    {**BART, 'mask_length': 'word', 'replace_length': -1, 'permute_sentences': 0},
    {**BART, 'mask_length': 'subword', 'mask': 0.15, 'rotate': 0.5},
    {**BART, 'mask': 0, 'insert': 0.2, 'rotate': 1},
    {**BART, 'mask': 1, 'mask_random': 0},
]
VOCABULARY = {'size': 60, 'mask': 4, 'stops': [5, 6], 'starts': [0, 1, 2, 3, 4] + list(range(20, 60))}


def main():
    source = random.Random(5)
    cases = []
    for number, options in enumerate(SETTINGS):
        for length in (0, 1, 2, 5, 17, 40):
            block = [0] + [source.choice([5, 6] + list(range(7, 60)) * 2) for _ in range(length)] + [2]
            key = source.getrandbits(64)
            cases.append({'options': number, 'key': key, 'block': block, 'noised': noise(block, options, VOCABULARY, key)})
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, 'denoise.json'), 'w') as file:
        json.dump({'options': SETTINGS, 'vocabulary': VOCABULARY, 'cases': cases}, file, separators=(',', ':'))
        file.write('\n')


if __name__ == '__main__':
    main()

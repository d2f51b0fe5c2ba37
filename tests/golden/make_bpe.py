#!/usr/bin/env python3
"""A small BART vocabulary (bpe/vocab.json, bpe/merges.txt), learned from data/corpora/cc0, and what transformers'
BartTokenizer makes of generated texts (bpe/sample.json): mixed scripts, emoji, controls, white space of every kind,
contractions, special tokens written out.

  make_bpe.py                       writes the files
  make_bpe.py --check LOWBIT LINES  compares `LOWBIT tokenize` with transformers on LINES generated lines and counts the
                                    differences
Needs transformers and tokenizers.
"""

import argparse
import json
import pathlib
import random
import subprocess
import tempfile

import transformers
from tokenizers import AddedToken, ByteLevelBPETokenizer
from transformers import BartTokenizer

HERE = pathlib.Path(__file__).parent
FOLDER = HERE / "bpe"
SPECIALS = ["<s>", "<pad>", "</s>", "<unk>"]
RANGES = [(0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x6FF), (0x900, 0x97F),
          (0xE00, 0xE7F), (0x10A0, 0x10FF), (0x1200, 0x137F), (0x2000, 0x206F), (0x2070, 0x218F), (0x2190, 0x2BFF),
          (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFFFD), (0x1D400, 0x1D7FF),
          (0x1F300, 0x1FAFF), (0xE0001, 0xE007F), (0x10000, 0x1056F), (0x20000, 0x2A6DF)]
SPACES = "\t\v\f \u0085\u00a0\u1680\u180e\u2000\u2003\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff\x1c\x1f"
WORDS = ["don't", "I'LL", "we've", "it's", "'re", "he'd", "''s", "the", "Summary", "naïve", "x86_64", "3.14", "½", "Ⅻ",
         "<mask>", " <mask>", "<s>", "</s>", "<pad>", "<unk>", "<mask", "🇫🇷", "👩‍👩‍👧", "e\u0301", "—", "...", "$5", "١٢٣"]


def texts(count, seed):
    """No line feeds and carriage returns: a text is a line."""
    draw = random.Random(seed)
    for _ in range(count):
        parts = []
        for _ in range(draw.randint(0, 12)):
            kind = draw.random()
            if kind < 0.3:
                parts.append(draw.choice(WORDS))
            elif kind < 0.5:
                parts.append("".join(draw.choice(SPACES) for _ in range(draw.randint(1, 4))))
            elif kind < 0.55:
                parts.append(chr(draw.choice([c for c in range(1, 32) if c not in (10, 13)] + [127, 128, 159])))
            elif kind < 0.58:
                code = draw.randrange(0x110000)
                parts.append("" if 0xD800 <= code < 0xE000 else chr(code))
            else:
                low, high = draw.choice(RANGES)
                parts.append("".join(chr(draw.randint(low, high)) for _ in range(draw.randint(1, 5))))
            if draw.random() < 0.4:
                parts.append(" ")
        yield "".join(parts)


def learn():
    lines = []
    for path in sorted((HERE / "../../data/corpora/cc0").glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            lines.append(line.split("\t")[-2:])
    learned = ByteLevelBPETokenizer()
    learned.train_from_iterator([side for pair in lines for side in pair], vocab_size=600, show_progress=False)
    state = json.loads(learned._tokenizer.to_str())["model"]
    tokens = sorted(state["vocab"], key=state["vocab"].get)
    vocabulary = {token: i for i, token in enumerate(SPECIALS + tokens + ["<mask>"])}
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    merges = [" ".join(pair) if isinstance(pair, list) else pair for pair in state["merges"]]
    (FOLDER / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")


def reference():
    vocabulary = json.loads((FOLDER / "vocab.json").read_text(encoding="utf-8"))
    lines = (FOLDER / "merges.txt").read_text(encoding="utf-8").split("\n")[1:]
    mask = AddedToken("<mask>", lstrip=True, special=True)  # as the released tokenizers have it
    return BartTokenizer(vocab=vocabulary, merges=[tuple(line.split(" ")) for line in lines if line], mask_token=mask)


def write_sample():
    tokenizer = reference()
    rows = []
    for text in list(texts(130, 1)) + ["", " ", "Hello world", " Hello  world! cécé", "a" * 200]:
        ids = tokenizer(text)["input_ids"]
        rows.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=True,
                                                                          clean_up_tokenization_spaces=False)})
    draw = random.Random(2)
    for _ in range(40):  # ids that no text has: broken characters
        ids = [draw.randrange(4, len(tokenizer) - 1) for _ in range(draw.randint(1, 8))]
        rows.append({"ids": ids, "decoded": tokenizer.decode(ids, clean_up_tokenization_spaces=False)})
    text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (FOLDER / "sample.json").write_text('{"transformers": "%s", "rows": [\n%s\n]}\n' % (transformers.__version__, text),
                                        encoding="utf-8")


def check(program, count):
    tokenizer = reference()
    lines = list(texts(count, 99))
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="\n") as file:
        file.write("".join(line + "\n" for line in lines))
        file.flush()
        run = subprocess.run([program, "tokenize", str(FOLDER), "--input", file.name], capture_output=True, check=True)
    found = run.stdout.decode("ascii").split("\n")[:-1]
    assert len(found) == count, f"{len(found)} lines of output for {count} of input"
    different = 0
    for line, ids in zip(lines, found):
        expected = " ".join(map(str, tokenizer(line)["input_ids"]))
        if expected != ids:
            different += 1
            if different <= 10:
                print(ascii(line), "\n  transformers", expected, "\n  lowbit      ", ids)
    print(f"{count} lines, {different} different")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--check", nargs=2, metavar=("LOWBIT", "LINES"))
    given = arguments.parse_args().check
    if given:
        check(given[0], int(given[1]))
    else:
        learn()
        write_sample()

#!/usr/bin/env python3
"""Golden dictionaries, ids and binarised data of fairseq: fairseq_data/.

  spm/     sentence.bpe.model and dict.txt, which lacks some of its pieces and ends in made-up words
  bpe/     encoder.json (GPT-2's kind of ids for the tokens of bpe/vocab.json) and dict.txt of such ids in another order
  words/   dict.txt of pieces with "@@", one of them written over
  binary/  what fairseq-preprocess makes of the words: train, valid and test .src-tgt.{src,tgt}.{bin,idx}, dict.{src,tgt}.txt
  expected.json  texts with their ids and back, by the few lines below

fairseq is not needed: its rules are written down here once more (a dictionary's lines are ids from 4 on; text is cut at
white space; what has no id is 3; items end in 2). Needs sentencepiece and numpy.
"""

import collections
import json
import pathlib
import random
import shutil
import struct

import numpy
import sentencepiece

HERE = pathlib.Path(__file__).parent
OUT = HERE / "fairseq_data"
LIMIT = 64 * 1024
UNK, EOS = 3, 2


class Dictionary:
    def __init__(self, path):
        self.symbols = ["<s>", "<pad>", "</s>", "<unk>"]
        self.ids = {symbol: i for i, symbol in enumerate(self.symbols)}
        for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
            word, field = line.rstrip().rsplit(" ", 1)
            if field == "#fairseq:overwrite":
                word, field = word.rsplit(" ", 1)
            int(field)
            self.ids[word] = len(self.symbols)
            self.symbols.append(word)

    def encode(self, text):
        return [self.ids.get(word, UNK) for word in text.split()]

    def join(self, ids):
        return " ".join(self.symbols[i] for i in ids if i not in (0, 1, 2))


def write(name, data):
    path = OUT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    assert len(data) <= LIMIT, name


def dictionary_text(symbols):
    """fairseq-preprocess: by falling count, padded to a multiple of 8 rows."""
    lines = [f"{symbol} {1000 - i}" for i, symbol in enumerate(symbols)]
    while (len(lines) + 4) % 8:
        lines.append(f"madeupword{len(lines) % 8:04d} 0")
    return "".join(line + "\n" for line in lines)


def spm(lines):
    model = OUT / "spm" / "sentence.bpe.model"
    model.parent.mkdir(parents=True, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_prefix=str(OUT / "spm" / "spm"),
                                             vocab_size=120, normalization_rule_name="identity", minloglevel=2)
    (OUT / "spm" / "spm.vocab").unlink()
    (OUT / "spm" / "spm.model").rename(model)
    assert model.stat().st_size <= LIMIT
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    counts = collections.Counter(piece for line in lines for piece in processor.encode(line, out_type=str))
    known = [piece for piece, _ in counts.most_common()][:-7]
    write("spm/dict.txt", dictionary_text(known))
    dictionary = Dictionary(OUT / "spm" / "dict.txt")
    rows = []
    for text in lines[:40] + ["", "  two   blanks ", "日本 and 猫猫", "a\u00a0b\u3000c", "<s> </s> <mask>", "\u2581"]:
        ids = dictionary.encode(" ".join(processor.encode(text, out_type=str)))
        back = dictionary.join(ids).replace(" ", "").replace("\u2581", " ").strip()
        rows.append({"text": text, "ids": ids, "back": back})
    return rows


def bpe():
    """The ids of the sample in bpe/, which are those of Hugging Face's vocab.json, by way of GPT-2's."""
    vocabulary = json.loads((HERE / "bpe" / "vocab.json").read_text())
    tokens = [token for token in vocabulary if token not in ("<s>", "<pad>", "</s>", "<unk>", "<mask>")]
    random.Random(1).shuffle(tokens)
    encoder = {token: i for i, token in enumerate(tokens)}
    write("bpe/encoder.json", json.dumps(encoder))
    order = list(encoder.values())
    random.Random(2).shuffle(order)
    write("bpe/dict.txt", dictionary_text([str(i) for i in order]))
    dictionary = Dictionary(OUT / "bpe" / "dict.txt")
    name_of = {i: token for token, i in vocabulary.items()}
    rows = []
    for row in json.loads((HERE / "bpe" / "sample.json").read_text())["rows"][:60]:
        inner = [name_of[i] for i in row["ids"][1:-1]]
        if "text" in row and all(token in encoder for token in inner):
            rows.append({"text": row["text"], "ids": [dictionary.ids[str(encoder[token])] for token in inner],
                         "back": row["decoded"]})
    assert len(rows) > 30
    return rows


def words():
    write("words/dict.txt", "the 9\nhou@@ 8\nse 7\n@@ 3\ntwo words 2\nthe 1 #fairseq:overwrite\n<unk> 1 #fairseq:overwrite\n"
                            "straße 1\nmadeupword0000 0\n")
    dictionary = Dictionary(OUT / "words" / "dict.txt")
    rows = []
    for text in ["the hou@@ se", "the  the\tse ", "", "unknown words <unk>", "straße\u3000hou@@"]:
        ids = dictionary.encode(text)
        rows.append({"text": text, "ids": ids, "back": (dictionary.join(ids) + " ").replace("@@ ", "").rstrip()})
    return rows


def dataset(name, items, dtype, code):
    """MMIDIDX: magic, version, type, count, lengths (i32), offsets in bytes (i64); the items back to back."""
    arrays = [numpy.array(item, dtype=dtype) for item in items]
    offsets = numpy.cumsum([0] + [array.nbytes for array in arrays])[:-1]
    write(name + ".bin", b"".join(array.tobytes() for array in arrays))
    write(name + ".idx", b"MMIDIDX\0\0" + struct.pack("<QBQ", 1, code, len(items))
          + numpy.array([len(item) for item in items], dtype=numpy.int32).tobytes()
          + numpy.array(offsets, dtype=numpy.int64).tobytes())


def binary():
    english = "one two three four five six seven eight".split()
    italian = "uno due tre quattro cinque sei sette otto".split()
    text = dictionary_text(sorted(english + italian))
    for side in ("src", "tgt"):
        write(f"binary/dict.{side}.txt", text)
    dictionary = Dictionary(OUT / "binary" / "dict.src.txt")
    generator = random.Random(4)
    expected = {}
    for split, count, dtype, code in [("train", 24, numpy.uint16, 8), ("valid", 4, numpy.int32, 4), ("test", 4, numpy.int64, 5)]:
        rows = [[generator.randrange(8) for _ in range(1 + row % 5)] for row in range(count)]
        for side, words_of in (("src", english), ("tgt", italian)):
            sentences = [" ".join(words_of[i] for i in row) for row in rows]
            dataset(f"binary/{split}.src-tgt.{side}", [dictionary.encode(s) + [EOS] for s in sentences], dtype, code)
            expected[f"{split}.{side}"] = sentences
    return expected


if __name__ == "__main__":
    shutil.rmtree(OUT, ignore_errors=True)
    lines = [line.split("\t")[-2] for line in (HERE / "../../data/corpora/cc0/en-it.tsv").read_text().splitlines()[:200]]
    write("expected.json", json.dumps({"spm": spm(lines), "bpe": bpe(), "words": words(), "binary": binary()},
                                      ensure_ascii=False) + "\n")

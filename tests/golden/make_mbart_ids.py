#!/usr/bin/env python3
"""Small vocabularies laid out as mBART-cc25's and mBART-50's, learned from data/corpora/cc0, as transformers' classes save
them, and the ids that those classes make of generated texts: mixed scripts, emoji, controls, white space of every kind,
special tokens and language codes written out, also in full width.

  make_mbart_ids.py                       writes mbart_ids/
  make_mbart_ids.py --check LOWBIT LINES  compares `LOWBIT tokenize` with transformers on LINES generated lines for every
                                          form of the files that this version of transformers writes, with
                                          sentencepiece's own normalization (nmt_nfkc), and counts the differences

mbart_ids/ has sentencepiece.bpe.model (a few rules of normalization instead of nmt_nfkc, whose map has 240 kB) and
sample.json (texts, ids of each form) and forms.json (what the tokenizer.json of each is made of). Forms:
  spm-cc25, spm-50   sentencepiece.bpe.model; transformers 4's classes that call the sentencepiece library
  5-cc25, 5-50       tokenizer.json of transformers 5 (one class each, no sentencepiece at run time)
  4-cc25, 4-50       tokenizer.json of transformers 4's fast classes, made of 5-cc25's and 5-50's by putting in their
                     normalizer and pre-tokenizer
  old-cc25           tokenizer.json of the first fast classes: WhitespaceSplit before Metaspace, add_prefix_space
Needs transformers 5, tokenizers, sentencepiece and protobuf. --check with transformers 4 compares its own classes too.
"""

import argparse
import json
import pathlib
import random
import re
import shutil
import subprocess
import tempfile

import sentencepiece
import tokenizers
import transformers
from make_bpe import WORDS, texts as bpe_texts
from transformers import MBart50Tokenizer, MBart50TokenizerFast, MBartTokenizer, MBartTokenizerFast

HERE = pathlib.Path(__file__).parent
FOLDER = HERE / "mbart_ids"
MODEL = "sentencepiece.bpe.model"
LIMIT = 64 * 1024
MARKED = ["de_DE", "en_XX", "sl_SI", " zh_CN ", "\uff1cs\uff1e", "\uff1c/s\uff1e", "\uff1cunk\uff1e",
          "\uff1cmask\uff1e", "x  \uff1cmask\uff1e", "\u2581", " \u2581a", "\u2460\u0301", "\ufb01", "\uff21\uff22",
          "Ausgabe", "l'editor", "de texte", "\u0130", "\u1100\u1161", "\ud55c", "\u0915\u093f", "  "]


def corpus():
    lines = []
    for file in sorted((HERE / "../../data/corpora/cc0").glob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            lines += line.split("\t")[-2:]
    return lines


def texts(count, seed):
    draw = random.Random(seed)
    sentences = corpus()
    for text in bpe_texts(count, seed):
        if draw.random() < 0.2:
            text += draw.choice(sentences)
        for _ in range(draw.choice([0, 0, 1, 2])):
            place = draw.randint(0, len(text))
            text = text[:place] + draw.choice(MARKED + WORDS) + text[place:]
        yield text


def learn(path, pieces, rules):
    """A model of mBART's layout: <unk> 0, <s> 1, </s> 2, no padding."""
    lines = corpus()
    lines += list(bpe_texts(len(lines) // 20, 3))  # characters of other scripts
    with tempfile.TemporaryDirectory() as folder:
        options = {"normalization_rule_name": "nmt_nfkc"}
        if rules:
            file = pathlib.Path(folder) / "rules.tsv"
            file.write_text("".join(rules), encoding="ascii")
            options = {"normalization_rule_tsv": str(file)}
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_prefix=folder + "/spm",
                                                 vocab_size=pieces, character_coverage=0.99, minloglevel=3, **options)
        shutil.copy(folder + "/spm.model", path)


def small_rules():
    """Rules of nmt_nfkc that fit into a small file, as its own table has them: source, target, in hexadecimal."""
    def rule(source, target):
        return "%s\t%s\n" % tuple(" ".join("%X" % ord(c) for c in text) for text in (source, target))

    rules = [rule(chr(0xFF01 + i), chr(0x21 + i)) for i in range(94)]
    rules += [rule(chr(c), " ") for c in [9, 10, 12, 13, 0xA0, 0x1680, 0x2003, 0x200B, 0x3000, 0xFEFF, 0x2581]]
    rules += [rule(chr(c), "") for c in [1, 2, 8, 0xB, 0x1C, 0x7F]]
    rules += [rule("\u2460", "1"), rule("\ufb01", "fi"), rule("e\u0301", "\u00e9"), rule("\u00bd", "1\u20442")]
    rules += [rule("\u1100\u1161", "\uac00"), rule("\u2026", "...")]
    return sorted(rules)


def replace_part(source, target, normalizer, pre_tokenizer, mask_normalized=False):
    """Another form of a folder's tokenizer.json; the mask may be looked for in normalized text."""
    shutil.copytree(source, target)
    path = target / "tokenizer.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["normalizer"], content["pre_tokenizer"] = normalizer, pre_tokenizer
    content["added_tokens"][-1]["normalized"] = mask_normalized
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


class Backend:
    """A tokenizer.json as the tokenizers library alone reads it; transformers 5 puts its own parts in their places."""
    def __init__(self, folder):
        self.tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))

    def __call__(self, text):
        return self.tokenizer.encode(text).ids


class Slow:
    """sentencepiece.bpe.model as transformers 4's slow classes use it: special tokens are cut out, the rest goes through
    the sentencepiece library, ids are one higher. For transformers 5, which has no such class any more."""
    def __init__(self, folder, reference):
        self.model = sentencepiece.SentencePieceProcessor(model_file=str(folder / MODEL))
        first = len(self.model) + 1
        codes = reference.convert_ids_to_tokens(range(first, len(reference)))
        self.tokens = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3} | {code: first + i for i, code in enumerate(codes)}
        begin, end = reference.prefix_tokens, reference.suffix_tokens
        self.frame = lambda ids: begin + ids + end
        self.trie = re.compile("(" + "|".join(sorted(self.tokens, key=len, reverse=True)) + ")")

    def __call__(self, text):
        ids = []
        parts = self.trie.split(text) + [""]
        for part, after in zip(parts, parts[1:]):
            if part in self.tokens:
                ids.append(self.tokens[part])
            else:
                part = part.rstrip() if after == "<mask>" else part
                ids += [piece + 1 if piece else 3 for piece in self.model.encode(part)]
        return self.frame(ids)


def forms(model, folder):
    """Writes a folder a form; what gives its ids, by the name of the form."""
    found = {}
    source = folder / "source"
    source.mkdir()
    shutil.copy(model, source / MODEL)
    version = int(transformers.__version__.split(".")[0])
    for release, slow, fast in [("cc25", MBartTokenizer, MBartTokenizerFast), ("50", MBart50Tokenizer, MBart50TokenizerFast)]:
        tokenizer = fast.from_pretrained(source, src_lang="en_XX", tgt_lang="de_DE")
        one = folder / f"{version}-{release}"
        tokenizer.save_pretrained(one)
        (one / MODEL).unlink(missing_ok=True)
        found[one.name] = lambda text, t=tokenizer: t(text)["input_ids"]
        spm = folder / f"spm-{release}"
        spm.mkdir()
        shutil.copy(model, spm / MODEL)
        config = {"tokenizer_class": slow.__name__, "src_lang": "en_XX", "tgt_lang": "de_DE"}
        (spm / "tokenizer_config.json").write_text(json.dumps(config))
        if version == 4:
            its = slow.from_pretrained(source, src_lang="en_XX", tgt_lang="de_DE")
            found[spm.name] = lambda text, t=its: t(text)["input_ids"]
        else:
            found[spm.name] = Slow(spm, tokenizer)
    if version == 4:
        return found
    metaspace = {"type": "Metaspace", "replacement": "\u2581"}
    content = json.loads((folder / "5-50/tokenizer.json").read_text(encoding="utf-8"))
    charsmap = content["normalizer"]["normalizers"][0]
    strip = {"type": "Strip", "strip_left": False, "strip_right": True}
    replace = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "\u2581"}
    for release in ("cc25", "50"):
        replace_part(folder / f"5-{release}", folder / f"4-{release}",
                     {"type": "Sequence", "normalizers": [charsmap, strip, replace]},
                     metaspace | {"prepend_scheme": "always", "split": True}, mask_normalized=release == "50")
        found[f"4-{release}"] = Backend(folder / f"4-{release}")
    replace_part(folder / "5-cc25", folder / "old-cc25", charsmap,
                 {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
                                                        metaspace | {"add_prefix_space": True}]})
    found["old-cc25"] = Backend(folder / "old-cc25")
    return found


def write_sample():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    learn(FOLDER / MODEL, 900, small_rules())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        found = forms(FOLDER / MODEL, folder)
        rows = [{"text": text, "ids": {form: encode(text) for form, encode in found.items()}}
                for text in list(texts(60, 1)) + MARKED + ["", " ", "Hello world", " Hello  world! ", "a <mask> b"]]
        parts, vocabulary = {}, None
        for form in found:
            if form.startswith("spm"):
                continue
            content = json.loads((folder / form / "tokenizer.json").read_text(encoding="utf-8"))
            vocabulary = vocabulary or content["model"].pop("vocab")[:901]
            content["model"].pop("vocab", None)
            parts[form] = {key: content[key] for key in ("normalizer", "pre_tokenizer", "model")}
            parts[form]["mask"] = content["added_tokens"][-1]
            for step in (content["normalizer"] or {}).get("normalizers", [content["normalizer"] or {}]):
                if "precompiled_charsmap" in step:
                    charsmap = step.pop("precompiled_charsmap")
    for name, content in [("sample.json", {"transformers": transformers.__version__, "rows": rows}),
                          ("forms.json", {"vocab": vocabulary, "charsmap": charsmap, "forms": parts})]:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace('{"text"', '\n{"text"')
        (FOLDER / name).write_text(text + "\n", encoding="utf-8")
    for file in FOLDER.iterdir():
        file.chmod(0o644)
        assert file.stat().st_size <= LIMIT, f"{file} has {file.stat().st_size} bytes"


def check(program, count):
    lines = list(texts(count, 99))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        learn(folder / MODEL, 5000, None)
        file = folder / "lines"
        file.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")
        for form, encode in forms(folder / MODEL, folder).items():
            run = subprocess.run([program, "tokenize", str(folder / form), "--input", str(file)], capture_output=True)
            assert run.returncode == 0, run.stderr.decode()
            found = run.stdout.decode("ascii").split("\n")[:-1]
            assert len(found) == count, f"{len(found)} lines of output for {count} of input"
            different = 0
            for line, ids in zip(lines, found):
                expected = " ".join(map(str, encode(line)))
                if expected != ids:
                    different += 1
                    if different <= 3:
                        print(ascii(line), "\n  expected", expected, "\n  lowbit  ", ids)
            print(f"{form}: {count} lines, {different} different", flush=True)
            bad = subprocess.run([program, "tokenize", str(folder / form)], input=b"a\nb\xff\n", capture_output=True)
            assert bad.returncode == 3 and b"line 2, byte 3: not UTF-8" in bad.stderr, bad  # Python would have no text


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--check", nargs=2, metavar=("LOWBIT", "LINES"))
    given = arguments.parse_args().check
    if given:
        check(given[0], int(given[1]))
    else:
        write_sample()

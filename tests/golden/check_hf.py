#!/usr/bin/env python3
"""Whether transformers loads what `lowbit export --format hf` writes, and computes the same with it.

  check_hf.py LOWBIT [MODEL_OR_RUN ...]

For each model (without one: the golden folders hf_bart and hf_mbart) exports it, loads the folder with a missing,
unexpected or mismatched tensor and any warning counted as a failure, and compares logits, loss and gradients with
`lowbit trace` of the model on random tokens. A tokenizer that transformers has a class for must give the same ids.
Needs torch, transformers and safetensors.
"""

import argparse
import logging
import pathlib
import subprocess
import tempfile
import warnings

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

HERE = pathlib.Path(__file__).parent
TEXTS = ["Hello world", " It's 3.14  naïve — 🇫🇷", "don't\tstop\u00a0now"]


class Collector(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def load_quietly(load):
    """What load() gives, and every warning on the way."""
    collector = Collector()
    transformers.logging.get_logger("transformers").addHandler(collector)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = load()
    transformers.logging.get_logger("transformers").removeHandler(collector)
    return result, collector.messages + [str(w.message) for w in caught]


def difference(a, b):
    return (a - b).abs().max().item()


def check(program, source, folder):
    out = folder / "exported"
    subprocess.run([program, "export", source, "--format", "hf", "--out", out], check=True, capture_output=True)
    (model, info), said = load_quietly(
        lambda: AutoModelForSeq2SeqLM.from_pretrained(out, output_loading_info=True, attn_implementation="eager"))
    assert not said, said
    assert not any(info.values()), info
    model.eval()
    torch.manual_seed(1)
    vocabulary = model.config.vocab_size
    labels = torch.randint(4, vocabulary, (2, 6))
    inputs = {"input_ids": torch.randint(4, vocabulary, (2, 7)), "decoder_input_ids": labels.roll(1, 1).contiguous(),
              "labels": labels, "attention_mask": torch.tensor([[1] * 7, [1] * 4 + [0] * 3])}
    save_file(inputs, folder / "in.safetensors")
    subprocess.run([program, "trace", source, "--inputs", folder / "in.safetensors", "--out", folder / "out.safetensors",
                    "--grads"], check=True, capture_output=True)
    ours = load_file(folder / "out.safetensors")
    theirs = model(**inputs)
    theirs.loss.backward()
    logits, loss = difference(ours["logits"], theirs.logits), difference(ours["loss"], theirs.loss)
    gradient = max(((ours["grad." + name] - p.grad).norm() / (p.grad.norm() + 1e-3)).item()
                   for name, p in model.named_parameters())
    print(f"{source}: logits differ by {logits:.1e}, loss by {loss:.1e}, gradients relatively by {gradient:.1e}")
    assert logits <= 2e-5 and loss <= 2e-6 and gradient <= 1e-3
    if (out / "vocab.json").exists():
        tokenizer, said = load_quietly(lambda: AutoTokenizer.from_pretrained(out))
        assert not said, said
        run = subprocess.run([program, "tokenize", source], input="\n".join(TEXTS).encode(), check=True,
                             capture_output=True)
        assert run.stdout.decode().split("\n")[:-1] == [" ".join(map(str, tokenizer(t)["input_ids"])) for t in TEXTS]
        print(f"{source}: its tokenizer gives the same ids")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("program")
    arguments.add_argument("models", nargs="*", default=[str(HERE / "hf_bart"), str(HERE / "hf_mbart")])
    given = arguments.parse_args()
    for model in given.models:
        with tempfile.TemporaryDirectory() as folder:
            check(given.program, model, pathlib.Path(folder))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Whether CTranslate2 loads what `lowbit export --format ct2` writes, and says the same with it.

  check_ct2.py LOWBIT TEXT [MODEL_OR_RUN ...] [--random] [--sentences 500] [--max-length 250]
                                              [--compute-type float32 int8]

For each model exports it and translates the first lines of TEXT (a plain file, or the third column of a prepared .tsv)
with beam 1 by both programs. Prints the share of tokens that agree, by edit distance and position by position (a
missing or further token counts as different), and of sentences that are the same. The weights in model.bin must be the
packed folder's: floats and ternary and binary values bit for bit, others to within 3e-7 relatively. Needs ctranslate2,
numpy and safetensors; packed codes are decoded by the block that docs/formats.md prints.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import tempfile

import ctranslate2
import numpy as np

from check_packed import documented_decoder
from ct2_reader import read_model_bin

HERE = pathlib.Path(__file__).parent


def random_models(scratch):
    """BART and mBART with large random weights, so that their greedy output depends on the source."""
    import torch
    from transformers import BartConfig, BartForConditionalGeneration, MBartConfig, MBartForConditionalGeneration
    sizes = {"vocab_size": 605, "d_model": 64, "encoder_layers": 2, "decoder_layers": 3, "encoder_ffn_dim": 96,
             "decoder_ffn_dim": 128, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
             "max_position_embeddings": 512, "init_std": 0.25, "forced_eos_token_id": None}
    for name, config, model_class in (
            ("bart", BartConfig(**sizes), BartForConditionalGeneration),
            ("mbart", MBartConfig(**sizes, scale_embedding=True, decoder_start_token_id=2), MBartForConditionalGeneration)):
        torch.manual_seed(3)
        model = model_class(config)
        for path, parameter in model.named_parameters():
            if parameter.dim() == 1:  # norms and biases
                torch.nn.init.normal_(parameter, float("norm" in path and path.endswith("weight")), 0.3)
        model.save_pretrained(scratch / name)
        for file in "vocab.json", "merges.txt":
            shutil.copy(HERE / "bpe" / file, scratch / name)
        yield scratch / name


def source_lines(path, count):
    lines = [line for line in path.read_text().split("\n") if line][:count]
    return [line.split("\t")[2] for line in lines] if path.suffix == ".tsv" else lines


def edits(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def run(program, *arguments, text=None):
    done = subprocess.run([program, *map(str, arguments)], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_weights(folder, packed):
    """Floats, or int8 codes over scales, against floats, or codes times scales."""
    tensors, codes = documented_decoder()(packed)
    variables, aliases = read_model_bin(folder / "model.bin")
    exact = total = 0

    def values(name):
        name = aliases.get(name, name)
        weight = variables[name]
        return weight if weight.dtype == np.float32 else weight / variables[name + "_scale"][:, None]

    def compare(name, paths):
        nonlocal exact, total
        expected = np.concatenate([tensors[path + ".weight"] for path in paths])
        found = values(name)
        assert np.allclose(found, expected, rtol=3e-7, atol=0), name
        few = all(np.abs(codes.get(path + ".weight", 0)).max() <= 1 for path in paths)
        assert not few or np.array_equal(found, expected), name
        exact += (found == expected).sum()
        total += found.size

    for stack in "encoder", "decoder":
        for i in range(sum(name.endswith("ffn/linear_0/weight") and name.startswith(stack) for name in variables)):
            to, at = f"{stack}/layer_{i}", f"{stack}.layers.{i}"
            compare(f"{to}/self_attention/linear_0/weight", [f"{at}.self_attn.{p}_proj" for p in "qkv"])
            compare(f"{to}/self_attention/linear_1/weight", [f"{at}.self_attn.out_proj"])
            compare(f"{to}/ffn/linear_0/weight", [f"{at}.fc1"])
            compare(f"{to}/ffn/linear_1/weight", [f"{at}.fc2"])
    compare("encoder/embeddings_0/weight", ["embed_tokens"])
    output = "output_projection" if "output_projection.weight" in tensors else "embed_tokens"
    compare("decoder/projection/weight", [output])
    return f"{exact} of {total} weights bit for bit"


def check(program, model, lines, max_length, compute_types):
    with tempfile.TemporaryDirectory() as scratch:
        folder, packed = pathlib.Path(scratch) / "ct2", pathlib.Path(scratch) / "packed"
        run(program, "export", model, "--format", "ct2", "--out", folder)
        run(program, "export", model, "--out", packed)
        print(f"{model}: {check_weights(folder, packed)}")
        vocabulary = json.loads((folder / "shared_vocabulary.json").read_text())
        text = "\n".join(lines) + "\n"
        ours = [json.loads(line)["hypotheses"][0]["tokens"] for line in
                run(program, "generate", packed, "--beam", 1, "--generate.format", "jsonl", "--max-len-a", 0,
                    "--max-len-b", max_length, text=text).splitlines()]
        ids = [list(map(int, line.split())) for line in run(program, "tokenize", packed, text=text).splitlines()]
        config = json.loads((folder / "config.json").read_text())
        if config["add_source_eos"]:
            ids = [row[:-1] for row in ids]
        sources = [[vocabulary[i] for i in row] for row in ids]
        for compute_type in compute_types:
            translator = ctranslate2.Translator(str(folder), compute_type=compute_type, intra_threads=2)
            results = translator.translate_batch(sources, beam_size=1, max_decoding_length=max_length, max_batch_size=32)
            theirs = [result.hypotheses[0] for result in results]
            same = total = equal = changes = 0
            for mine, other in zip(ours, theirs):
                mine = [vocabulary[i] for i in mine if vocabulary[i] != config["eos_token"]]
                mine, other = mine[:max_length - 2], other[:max_length - 2]  # whose limits count the ends differently
                same += sum(a == b for a, b in zip(mine, other))
                total += max(len(mine), len(other))
                changes += edits(mine, other)
                equal += mine == other
            print(f"{model}: {compute_type}: {100 - 100 * changes / total:.2f} % of {total} tokens agree by edit "
                  f"distance, {100 * same / total:.2f} % by position, {equal} of {len(lines)} sentences are the same")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("program")
    arguments.add_argument("text", type=pathlib.Path)
    arguments.add_argument("models", nargs="*")
    arguments.add_argument("--random", action="store_true")
    arguments.add_argument("--max-length", type=int, default=250)
    arguments.add_argument("--sentences", type=int, default=500)
    arguments.add_argument("--compute-type", nargs="+", default=["float32", "int8"])
    given = arguments.parse_args()
    lines = source_lines(given.text, given.sentences)
    with tempfile.TemporaryDirectory() as scratch:
        for model in given.models + (list(random_models(pathlib.Path(scratch))) if given.random else []):
            check(given.program, model, lines, given.max_length, given.compute_type)


if __name__ == "__main__":
    main()

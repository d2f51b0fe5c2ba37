#!/usr/bin/env python3
"""Beam search golden: what transformers' generate() finds on models that are small tables.

The logits are a hash of (seed, last two tokens, token), exact in float32; tests/nn/generate/table_stepper.h has the
same function, so the C++ search sees the same model. Writes beam_hf.json beside this file.
Needs torch and transformers; the tests need only the output.
"""

import json
import pathlib

import torch
import transformers
from transformers import GenerationConfig, GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutputWithPast

START, PAD, EOS = 2, 1, 2
MASK = 0xFFFFFFFF


def logits(seed, vocabulary, history):
    before = history[-2] if len(history) > 1 else 99
    row = []
    for token in range(vocabulary):
        value = seed
        for word in (before, history[-1], token):
            value = ((value ^ (word + 1)) * 0x9E3779B1) & MASK
            value ^= value >> 15
        row.append((value & 0xFFFFF) / 2**18)
    return row


class TableConfig(PretrainedConfig):
    model_type = "table"


class TableModel(PreTrainedModel, GenerationMixin):
    config_class = TableConfig
    main_input_name = "input_ids"

    def __init__(self, seed, vocabulary):
        super().__init__(TableConfig(vocab_size=vocabulary))
        self.seed, self.vocabulary = seed, vocabulary
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def prepare_inputs_for_generation(self, input_ids, **kwargs):
        return {"input_ids": input_ids}

    def forward(self, input_ids, attention_mask=None, **kwargs):
        rows = [logits(self.seed, self.vocabulary, history) for history in input_ids.tolist()]
        return CausalLMOutputWithPast(logits=torch.tensor(rows)[:, None, :])


def run(case):
    model = TableModel(case["seed"], case["vocabulary"])
    early = {"no": False, "yes": True, "never": "never"}[case["early_stopping"]]
    prompt = torch.tensor([[START, *case["prefix"]]])
    forced = {name: case[name] for name in ("forced_bos", "forced_eos") if case[name] >= 0}
    config = GenerationConfig(
        num_beams=case["beam"], num_return_sequences=case["beam"], do_sample=False, use_cache=False,
        max_length=case["max_len"], min_length=case["min_len"], length_penalty=case["length_penalty"],
        no_repeat_ngram_size=case["no_repeat_ngram"], early_stopping=early,
        eos_token_id=EOS, pad_token_id=PAD, bos_token_id=None, return_dict_in_generate=True, output_scores=True,
        **{name + "_token_id": value for name, value in forced.items()})
    out = model.generate(prompt, attention_mask=torch.ones_like(prompt), generation_config=config)
    sequences = out.sequences[:, 1:].tolist()
    scores = out.sequences_scores.tolist() if case["beam"] > 1 else [None]
    return [{"tokens": trim(tokens, len(case["prefix"])), "score": score} for tokens, score in zip(sequences, scores)]


def trim(tokens, prompt):
    """Drops what follows the first eos after the prompt: padding."""
    end = next((i + 1 for i, token in enumerate(tokens) if i >= prompt and token == EOS), len(tokens))
    return tokens[:end]


def cases():
    base = dict(seed=0, vocabulary=11, beam=3, max_len=12, min_len=0, length_penalty=1.0, no_repeat_ngram=0,
                early_stopping="no", forced_bos=-1, forced_eos=-1, prefix=[])
    variants = [
        dict(beam=1), dict(beam=2), dict(), dict(beam=5), dict(length_penalty=2.0), dict(length_penalty=0.0),
        dict(length_penalty=-0.5), dict(early_stopping="yes"), dict(early_stopping="never"),
        dict(early_stopping="never", length_penalty=1.5), dict(min_len=6), dict(no_repeat_ngram=2),
        dict(no_repeat_ngram=3, beam=4, max_len=20, early_stopping="yes", length_penalty=2.0, min_len=8),
        dict(forced_bos=5), dict(forced_eos=EOS, max_len=7), dict(forced_bos=0, forced_eos=EOS, max_len=6, min_len=4),
        dict(prefix=[4, 7]), dict(prefix=[4, 7, 4], no_repeat_ngram=2, min_len=7), dict(max_len=2), dict(max_len=4),
        dict(vocabulary=12, beam=4, max_len=30, early_stopping="never", no_repeat_ngram=2),
    ]
    for i, variant in enumerate(variants):
        for seed in (i, i + 100, i + 200):
            yield base | variant | dict(seed=seed)


def main():
    golden = []
    for case in cases():
        golden.append(case | {"hypotheses": run(case)})
    text = ",\n".join(json.dumps(case) for case in golden)
    path = pathlib.Path(__file__).with_name("beam_hf.json")
    path.write_text('{"transformers": "%s", "cases": [\n%s\n]}\n' % (transformers.__version__, text))


if __name__ == "__main__":
    main()

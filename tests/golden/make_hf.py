#!/usr/bin/env python3
"""Golden folders of Hugging Face's BART and mBART with random weights: hf_bart, hf_mbart.

Each holds what save_pretrained writes (config.json, generation_config.json, model.safetensors in f32) and
  expected.safetensors  "input_ids", "attention_mask", "decoder_input_ids", "labels" (i64), and from float64 arithmetic
                        "logits", "loss", "encoder_last_hidden_state" and "grad.NAME" by the model's parameter names
  generated.json        what generate() finds with the folder's own generation_config.json and with changes to it:
                        tokens without the decoder start, eos included, cut after eos, and the scores of beams
hf_mbart has another number of heads and another feed-forward width in its decoder, and starts as mBART-50 does: the
decoder begins with eos and must then say a language code. Needs torch, transformers and safetensors.
"""

import copy
import json
import pathlib
import shutil
import warnings

import torch
import transformers
from safetensors.torch import save_file
from transformers import (BartConfig, BartForConditionalGeneration, GenerationConfig, MBartConfig,
                          MBartForConditionalGeneration)

BOS, PAD, EOS = 0, 1, 2
VOCAB = 29
LIMIT = 64 * 1024
SHAPE = dict(vocab_size=VOCAB, d_model=12, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
             encoder_ffn_dim=20, max_position_embeddings=16, dropout=0.1, attn_implementation="eager")
GENERATION = dict(bos_token_id=BOS, pad_token_id=PAD, eos_token_id=EOS, decoder_start_token_id=EOS,
                  forced_eos_token_id=EOS, max_length=14)


def bart():
    config = BartConfig(**SHAPE, decoder_attention_heads=2, decoder_ffn_dim=20)
    generation = GENERATION | dict(forced_bos_token_id=BOS, num_beams=4, length_penalty=2.0, min_length=5,
                                   no_repeat_ngram_size=3, early_stopping=True)
    changes = [{}, {"num_beams": 1}, {"early_stopping": False, "length_penalty": 0.5}, {"no_repeat_ngram_size": 2},
               {"min_length": 9, "num_return_sequences": 4}, {"max_length": 7, "early_stopping": "never"}]
    return BartForConditionalGeneration(config), generation, changes


def mbart():
    config = MBartConfig(**SHAPE, decoder_attention_heads=3, decoder_ffn_dim=24, activation_function="relu",
                         scale_embedding=True, decoder_start_token_id=EOS)
    generation = GENERATION | dict(forced_bos_token_id=VOCAB - 2, num_beams=4, no_repeat_ngram_size=2)
    changes = [{}, {"num_beams": 1}, {"num_beams": 2, "num_return_sequences": 2, "length_penalty": -1.0},
               {"early_stopping": True, "no_repeat_ngram_size": 1}, {"min_length": 14}]
    return MBartForConditionalGeneration(config), generation, changes


def randomize(model, generator, eos_bias):
    for path, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in path and path.endswith("weight"):
            parameter.data = 1 + 0.1 * noise
        else:
            parameter.data = (0.1 if parameter.dim() == 1 else parameter.shape[-1]**-0.5) * noise
    model.tie_weights()
    model.final_logits_bias.copy_(0.5 * torch.randn(model.final_logits_bias.shape, generator=generator))
    model.final_logits_bias[0, EOS] += eos_bias  # so that some sentences end before the maximum length
    return model.eval()


def batch(generator):
    """Three pairs padded on the right; a label of -100 is not counted, and one of them stands inside a sentence."""
    def rows(lengths, fill):
        result = torch.full((len(lengths), max(lengths)), fill)
        for row, length in zip(result, lengths):
            row[:length] = torch.randint(4, VOCAB - 3, (length,), generator=generator)
            row[length - 1] = EOS
        return result

    source, labels = rows([8, 4, 6], PAD), rows([5, 7, 3], -100)
    decoder = torch.full_like(labels, PAD)
    decoder[:, 0] = EOS
    decoder[:, 1:] = labels[:, :-1].masked_fill(labels[:, :-1] == -100, PAD)
    labels[1, 2] = -100
    return dict(input_ids=source, attention_mask=(source != PAD).long(), decoder_input_ids=decoder, labels=labels)


def generated(model, inputs, generation):
    config = GenerationConfig(**generation, do_sample=False, return_dict_in_generate=True, output_scores=True)
    out = model.generate(inputs["input_ids"], attention_mask=inputs["attention_mask"], generation_config=config)
    rows = [row[:row.index(EOS) + 1] if EOS in row else row for row in out.sequences[:, 1:].tolist()]
    scores = [None] * len(rows) if generation.get("num_beams", 1) == 1 else out.sequences_scores.tolist()
    count = generation.get("num_return_sequences", 1)
    found = [{"tokens": tokens, "score": score} for tokens, score in zip(rows, scores)]
    return [found[i:i + count] for i in range(0, len(found), count)]


def write(name, make, seed, eos_bias):
    generator = torch.Generator().manual_seed(seed)
    model, generation, changes = make()
    randomize(model, generator, eos_bias)
    inputs = batch(generator)
    folder = pathlib.Path(__file__).with_name(name)
    shutil.rmtree(folder, ignore_errors=True)
    model.generation_config = GenerationConfig(**generation)
    model.save_pretrained(folder)

    exact = copy.deepcopy(model).double()
    out = exact(**inputs)
    out.loss.backward()
    tensors = inputs | {"logits": out.logits, "loss": out.loss,
                        "encoder_last_hidden_state": out.encoder_last_hidden_state}
    # What is zero in exact arithmetic (key biases: softmax ignores shifts) must not come out as float64's noise.
    tensors |= {"grad." + path: p.grad.masked_fill(p.grad.abs() < 1e-12, 0.0) for path, p in exact.named_parameters()}
    save_file({key: (value if value.dtype == torch.int64 else value.detach().float()).contiguous()
               for key, value in tensors.items()}, folder / "expected.safetensors")

    cases = []
    for change in changes:
        settings = generation | change
        found = generated(exact, inputs, settings)
        tokens = [[h["tokens"] for h in sentence] for sentence in found]
        rounded = [[h["tokens"] for h in sentence] for sentence in generated(model, inputs, settings)]
        assert tokens == rounded, f"a near tie in {name} {change}: float32 finds other sentences, change the seed"
        cases.append({"change": change, "sentences": found})
    (folder / "generated.json").write_text(json.dumps({"transformers": transformers.__version__, "cases": cases}) + "\n")
    for file in folder.iterdir():
        file.chmod(0o644)
        assert file.stat().st_size <= LIMIT, f"{file} has {file.stat().st_size} bytes"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    write("hf_bart", bart, seed=5, eos_bias=2.0)
    write("hf_mbart", mbart, seed=8, eos_bias=0.5)

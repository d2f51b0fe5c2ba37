#!/usr/bin/env python3
"""Golden values of Hugging Face's BartForConditionalGeneration with random weights: bart_tiny.

golden_io.py describes the files. Paths are those of the state dict without "model."; the one token table is
"embed_tokens.weight", and final_logits_bias is a random constant. The labels begin with bos as BART's do. Metadata
holds what generate() finds, greedily and with 4 beams: without the decoder start, eos included, cut after eos.
Needs torch, transformers and safetensors.
"""

import copy

import torch
import transformers
from transformers import BartConfig, BartForConditionalGeneration, GenerationConfig

import golden_io
from golden_io import BOS, EOS, PAD

SEED = 3
GENERATION = dict(max_length=10, min_length=3, no_repeat_ngram_size=2, forced_bos_token_id=BOS,
                  forced_eos_token_id=EOS, decoder_start_token_id=EOS, eos_token_id=EOS, pad_token_id=PAD,
                  bos_token_id=BOS, do_sample=False)
BEAM_ONLY = dict(length_penalty=1.5, early_stopping=True)


def tiny_bart(generator):
    config = BartConfig(vocab_size=29, d_model=16, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
                        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_position_embeddings=10,
                        dropout=0.0, activation_function="gelu", scale_embedding=False, bos_token_id=BOS,
                        pad_token_id=PAD, eos_token_id=EOS, decoder_start_token_id=EOS, attn_implementation="eager")
    model = BartForConditionalGeneration(config).eval()
    for path, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in path and path.endswith("weight"):
            parameter.data = 1 + 0.1 * noise
        else:
            parameter.data = (0.1 if parameter.dim() == 1 else 16**-0.5) * noise
    model.tie_weights()
    model.final_logits_bias.copy_(0.5 * torch.randn(model.final_logits_bias.shape, generator=generator))
    model.final_logits_bias[0, EOS] += 2.0  # so that some sentences end before the maximum length
    return model.double()


def path_of(hf_path):
    return hf_path.removeprefix("model.").replace("shared.", "embed_tokens.")


def hypotheses(model, batch, beam):
    options = GENERATION if beam == 1 else GENERATION | BEAM_ONLY
    config = GenerationConfig(num_beams=beam, num_return_sequences=beam, **options)
    ids = model.generate(batch["source"], attention_mask=(batch["source"] != PAD).long(), generation_config=config)
    rows = [row[:row.index(EOS) + 1] for row in ids[:, 1:].tolist()]
    return [rows[i:i + beam] for i in range(0, len(rows), beam)]


def main():
    generator = torch.Generator().manual_seed(SEED)
    model = tiny_bart(generator)
    batch = golden_io.ragged_batch(29, generator)
    batch["source"][:, 0] = batch["target_out"][:, 0] = batch["target_in"][:, 1] = BOS

    def run():
        return model(input_ids=batch["source"], attention_mask=(batch["source"] != PAD).long(),
                     decoder_input_ids=batch["target_in"],
                     labels=batch["target_out"].masked_fill(batch["target_out"] == PAD, -100))

    out = run()
    out.loss.backward()
    visible = (batch["source"] != PAD)[..., None]
    parameters = {path_of(path): p.detach().clone() for path, p in model.named_parameters()}
    parameters["final_logits_bias"] = model.final_logits_bias.clone()
    gradients = {path_of(path): p.grad.clone() for path, p in model.named_parameters()}
    outputs = {"encoder_states": out.encoder_last_hidden_state * visible, "logits": out.logits, "loss": out.loss}
    found = {"greedy": hypotheses(model, batch, 1), "beam4": hypotheses(model, batch, 4)}
    rounded = copy.deepcopy(model).float()
    assert found["beam4"] == hypotheses(rounded, batch, 4), "a near tie: float32 finds other sentences, change SEED"
    training = golden_io.training_losses(model, lambda: run().loss)
    config = dict(vocab=29, dim=16, encoder_layers=2, decoder_layers=2, heads=2, ffn_dim=32, max_positions=10,
                  pre_norm=False, layernorm_embedding=True, scale_embedding=False, activation="gelu",
                  positions="learned", logits_bias=True)
    golden_io.write("bart_tiny", parameters, gradients, batch, outputs, {
        "torch": torch.__version__, "transformers": transformers.__version__, "seed": SEED, "config": config,
        "smoothing": 0.0, "training": training, "generation": GENERATION | BEAM_ONLY, **found})


if __name__ == "__main__":
    main()

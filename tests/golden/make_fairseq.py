#!/usr/bin/env python3
"""Golden checkpoints as fairseq saves them, with the weights of other golden files: fairseq/*.pt.

  bart.pt              hf_bart; the zip archive; a Namespace as "args"; a dictionary, meters and an optimizer beside
  mbart.pt             hf_mbart; the stream of pickles, which fairseq's releases used; "cfg" as plain dicts with a Namespace
  transformer_pre.pt   transformer_pre; "cfg" in OmegaConf's containers; weights in f16
  transformer_post.pt  transformer_post, as the first releases wrote it: one matrix for queries, keys and values, numbered
                       norms, no output projection, markers of versions; pickled by protocol 2

  small.pt             a transformer of one layer a side and width 2, small enough to be changed byte by byte

fairseq itself is not needed: its classes are stand-ins of the same names. Needs torch, safetensors and omegaconf.
"""

import argparse
import collections
import enum
import pathlib
import sys
import types

import torch
from omegaconf import OmegaConf
from safetensors.torch import load_file

from golden_io import save_torch

HERE = pathlib.Path(__file__).parent
ARGS = dict(task="translation", source_lang="en", target_lang="de", criterion="label_smoothed_cross_entropy", lr=[0.0005],
            adam_betas="(0.9, 0.98)", max_tokens=4096, fp16=False, encoder_layerdrop=0.0, quant_noise_pq=0.0,
            adaptive_softmax_cutoff=None, encoder_layers_to_keep=None, decoder_layers_to_keep=None, adaptive_input=False,
            no_token_positional_embeddings=False, no_cross_attention=False, cross_self_attention=False,
            dropout=0.1, attention_dropout=0.0, activation_dropout=0.0, relu_dropout=0.0)


def stand_in(module, name, base=object, namespace=None):
    """A class that pickles as MODULE.NAME."""
    parts = module.split(".")
    for i in range(len(parts)):
        sys.modules.setdefault(".".join(parts[:i + 1]), types.ModuleType(".".join(parts[:i + 1])))
    kind = (enum.Enum(name, namespace, module=module) if base is enum.Enum
            else type(name, (base,), {"__module__": module}))
    setattr(sys.modules[module], name, kind)
    return kind


Dictionary = stand_in("fairseq.data.dictionary", "Dictionary")
AverageMeter = stand_in("fairseq.meters", "AverageMeter")
Backend = stand_in("fairseq.dataclass.constants", "DDP_BACKEND_CHOICES", enum.Enum, {"c10d": "c10d"})


def made(kind, **attributes):
    value = kind()
    value.__dict__.update(attributes)
    return value


def training(state):
    """What a trainer keeps beside the model."""
    return dict(
        model=state,
        optimizer_history=[dict(criterion_name="CrossEntropyCriterion", optimizer_name="FairseqAdam",
                                lr_scheduler_state={"best": 4.25}, num_updates=70)],
        extra_state=dict(train_iterator={"epoch": 3, "iterations_in_epoch": 0}, val_loss=4.25,
                         train_meters=collections.OrderedDict(loss=made(AverageMeter, val=1.5, avg=2.0, sum=4.0, count=2))),
        task_state=dict(dictionary=made(Dictionary, symbols=["<s>", "<pad>"], count=[1, 1], indices={"<s>": 0, "<pad>": 1})),
        last_optimizer_state=dict(state={0: dict(step=70, exp_avg=torch.full((3, 5), 0.5))}, param_groups=[{"lr": 0.1}]))


def save(value, name, **options):
    save_torch("fairseq", name, value, **options)


def hf_weights(name):
    """Under fairseq's names: no prefix, no constant on the logits, the token table three times on one storage."""
    state = collections.OrderedDict()
    for key, value in load_file(HERE / name / "model.safetensors").items():
        if key not in ("final_logits_bias", "model.shared.weight"):
            state[key.removeprefix("model.")] = value
    return with_tables(state, load_file(HERE / name / "model.safetensors")["model.shared.weight"])


def with_tables(state, table):
    for key in ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "decoder.output_projection.weight"):
        state[key] = table
    state["encoder.version"] = state["decoder.version"] = torch.tensor([3.0])
    return state


def golden_weights(name):
    state = collections.OrderedDict((key, value) for key, value in load_file(HERE / f"{name}.safetensors").items()
                                    if not key.startswith(("input.", "output.")))
    return state, state.pop("embed_tokens.weight")


def sizes(dim, ffn, heads, positions, **more):
    return dict(encoder_embed_dim=dim, decoder_embed_dim=dim, encoder_ffn_embed_dim=ffn, decoder_ffn_embed_dim=ffn,
                encoder_attention_heads=heads, decoder_attention_heads=heads, encoder_layers=2, decoder_layers=2,
                max_source_positions=positions, max_target_positions=positions, decoder_input_dim=dim,
                decoder_output_dim=dim) | more


def old_names(state):
    """As before 2019."""
    renamed = collections.OrderedDict()
    for key, value in state.items():
        if ".k_proj." in key or ".v_proj." in key:
            continue
        if ".q_proj." in key:
            value = torch.cat([state[key.replace(".q_proj.", f".{letter}_proj.")] for letter in "qkv"])
            key = key.replace(".q_proj.", ".in_proj_")
        norms = ["self_attn", "encoder_attn", "final"] if key.startswith("decoder.") else ["self_attn", "final"]
        for number, norm in enumerate(norms):
            key = key.replace(f".{norm}_layer_norm.", f".layer_norms.{number}.")
        renamed[key] = value
    return renamed


def small():
    generator = torch.Generator().manual_seed(6)
    state = with_tables(collections.OrderedDict(), torch.randn(5, 2, generator=generator))
    for side, attentions in (("encoder", ["self_attn"]), ("decoder", ["self_attn", "encoder_attn"])):
        layer = f"{side}.layers.0."
        shapes = {"fc1.weight": (3, 2), "fc1.bias": (3,), "fc2.weight": (2, 3), "fc2.bias": (2,)}
        for norm in attentions + ["final"]:
            shapes |= {f"{norm}_layer_norm.weight": (2,), f"{norm}_layer_norm.bias": (2,)}
        for attention in attentions:
            for projection in ("q", "k", "v", "out"):
                shapes |= {f"{attention}.{projection}_proj.weight": (2, 2), f"{attention}.{projection}_proj.bias": (2,)}
        for name, shape in shapes.items():
            state[layer + name] = torch.randn(shape, generator=generator).half()
    args = argparse.Namespace(arch="transformer", share_all_embeddings=True, encoder_layers=1, decoder_layers=1,
                              encoder_embed_dim=2, decoder_embed_dim=2, encoder_ffn_embed_dim=3, decoder_ffn_embed_dim=3,
                              encoder_attention_heads=1, decoder_attention_heads=1, max_source_positions=9,
                              max_target_positions=9)
    return dict(args=args, model=state)


if __name__ == "__main__":
    save(small(), "small.pt", _use_new_zipfile_serialization=False)
    bart = argparse.Namespace(arch="bart_base", share_all_embeddings=True, share_decoder_input_output_embed=True,
                              ddp_backend=Backend.c10d, **ARGS, **sizes(12, 20, 2, 16, activation_fn="gelu"))
    save(dict(args=bart, **training(hf_weights("hf_bart"))), "bart.pt")

    model = argparse.Namespace(_name="mbart_large", encoder_normalize_before=True, decoder_normalize_before=True,
                               share_all_embeddings=True, share_decoder_input_output_embed=True, **ARGS,
                               **sizes(12, 20, 2, 16, activation_fn="relu", decoder_attention_heads=3,
                                       decoder_ffn_embed_dim=24))
    cfg = dict(_name=None, common={"seed": 1, "fp16": True}, distributed_training={"ddp_backend": "c10d"}, model=model,
               task=argparse.Namespace(langs="ar_AR,cs_CZ"))
    save(dict(args=None, cfg=cfg, **training(hf_weights("hf_mbart"))), "mbart.pt", _use_new_zipfile_serialization=False)

    cfg = OmegaConf.create(dict(_name=None, common={"seed": 1}, model=dict(
        _name="transformer", encoder_normalize_before=True, decoder_normalize_before=True, encoder_learned_pos=True,
        decoder_learned_pos=True, share_all_embeddings=True, **ARGS, **sizes(16, 32, 2, 12, activation_fn="gelu"))))
    state, table = golden_weights("transformer_pre")
    state = with_tables(collections.OrderedDict((key, value.half()) for key, value in state.items()), table.half())
    save(dict(args=None, cfg=cfg, **training(state)), "transformer_pre.pt")

    state, table = golden_weights("transformer_post")
    state = old_names(state)
    state["encoder.embed_tokens.weight"] = state["decoder.embed_tokens.weight"] = table
    state["encoder.version"] = state["decoder.version"] = torch.tensor([1.0])
    state["encoder.embed_positions._float_tensor"] = state["decoder.embed_positions._float_tensor"] = torch.zeros(1)
    old = {key: value for key, value in ARGS.items() if key not in ("activation_dropout", "adaptive_input")}
    args = argparse.Namespace(arch="transformer_wmt_en_de", share_all_embeddings=True, encoder_normalize_before=False,
                              decoder_normalize_before=False, encoder_learned_pos=False, decoder_learned_pos=False,
                              **old, **sizes(16, 32, 2, 12))
    save(dict(args=args, **training(state)), "transformer_post.pt", _use_new_zipfile_serialization=False)

#!/usr/bin/env python3
"""Golden files of torch.save: torch/*.bin, the weights of hf_bart and a small mapping of awkward tensors.

  bart.bin                the zip archive, laid out as transformers did before safetensors: the token table under all of
                          its names, on one storage
  bart-stream.bin         the same as PyTorch before 1.6 wrote it: the stream of pickles, whose storage keys are addresses
                          and so differ in every run
  awkward.bin             the mapping that awkward() makes, by pickle protocol 2; awkward-N.bin by protocol N
  awkward-stream.bin      the same in the stream
  awkward.safetensors     the same tensors made contiguous, each on its own
  training.bin            a dict of a Namespace and a state dict: no state dict itself

Needs torch and safetensors.
"""

import argparse
import collections
import pathlib

import torch
from safetensors.torch import load_file, save_file

from golden_io import save_torch

HERE = pathlib.Path(__file__).parent
COPIES = ["model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight", "lm_head.weight"]


def save(value, name, **options):
    save_torch("torch", name, value, **options)


def bart():
    weights = collections.OrderedDict(load_file(HERE / "hf_bart" / "model.safetensors"))
    for copy in COPIES:
        weights[copy] = weights["model.shared.weight"]
    weights._metadata = collections.OrderedDict({"": {"version": 1}})
    return weights


def awkward():
    generator = torch.Generator().manual_seed(3)
    base = torch.randn(40, generator=generator)
    matrix = torch.randn(3, 5, generator=generator)
    return collections.OrderedDict(
        slice=base[7:19].view(3, 4), every_second=base[1:31:3], transposed=matrix.t(), whole=matrix,
        permuted=torch.randn(2, 3, 4, generator=generator).permute(2, 0, 1), expanded=base[3:4].expand(4, 6),
        scalar=torch.tensor(2.5), empty=torch.zeros(0, 4), one=torch.randn(1, 6, generator=generator).t(),
        parameter=torch.nn.Parameter(torch.randn(4, generator=generator)),
        half=torch.randn(3, 3, generator=generator).half().t(), bfloat=torch.randn(5, generator=generator).bfloat16(),
        double=torch.randn(2, 2, generator=generator).double().t(), long=torch.tensor([[1, -2], [3, 1 << 40]]).t(),
        int=torch.tensor([7, -8], dtype=torch.int32), char=torch.tensor([-3, 4], dtype=torch.int8),
        byte=torch.tensor([200, 4], dtype=torch.uint8))


if __name__ == "__main__":
    weights = bart()
    save(weights, "bart.bin")
    save(weights, "bart-stream.bin", _use_new_zipfile_serialization=False)
    tensors = awkward()
    save(tensors, "awkward.bin")
    for protocol in (1, 3, 4, 5):
        save(tensors, f"awkward-{protocol}.bin", pickle_protocol=protocol)
    save(tensors, "awkward-stream.bin", _use_new_zipfile_serialization=False)
    save_file({name: tensor.detach().clone(memory_format=torch.contiguous_format)
               for name, tensor in tensors.items()}, HERE / "torch" / "awkward.safetensors")
    (HERE / "torch" / "awkward.safetensors").chmod(0o644)
    save({"args": argparse.Namespace(layers=2, big=1 << 40, rate=0.5, names=["a", None, True]), "model": tensors},
         "training.bin")

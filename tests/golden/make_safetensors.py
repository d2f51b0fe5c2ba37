#!/usr/bin/env python3
"""Writes mixed.safetensors with the reference writer: every dtype that lowbit reads, a scalar, an empty tensor, names
outside ASCII, metadata. Element i of a tensor is (i - 3) / 2 for floating types, i - 3 for signed ones, i for U8.

Made with safetensors 0.8.0 and torch 2.15.0: python3 make_safetensors.py
"""
import pathlib

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent


def values(count, dtype):
    index = torch.arange(count)
    if dtype.is_floating_point:
        return ((index - 3) / 2).to(dtype)
    return index.to(dtype) if dtype == torch.uint8 else (index - 3).to(dtype)


def tensor(shape, dtype):
    count = 1
    for extent in shape:
        count *= extent
    return values(count, dtype).reshape(shape)


save_file(
    {
        "decoder.weight": tensor([3, 5], torch.float32),
        "decoder.half": tensor([7], torch.float16),
        "decoder.brain": tensor([2, 1, 3], torch.bfloat16),
        "check.double": tensor([4], torch.float64),
        "ids": tensor([2, 2], torch.int64),
        "positions": tensor([5], torch.int32),
        "codes": tensor([9], torch.int8),
        "packed": tensor([3], torch.uint8),
        "scalar": tensor([], torch.float32),
        "empty": tensor([0, 4], torch.float32),
        "zürich/\"quoted\"\n": tensor([1], torch.float32),
    },
    HERE / "mixed.safetensors",
    metadata={"format": "pt"},
)

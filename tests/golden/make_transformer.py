#!/usr/bin/env python3
"""Golden values of an encoder-decoder transformer in a few lines of PyTorch, independent of any library's layers.

  transformer_pre   pre-norm, gelu, learned positions
  transformer_post  post-norm, relu, sinusoidal positions
Both: one token table for source, target and output projection, embeddings times sqrt(D), no dropout, LayerNorm eps
1e-5, names as in fairseq's and Hugging Face's checkpoints. golden_io.py describes the files. Needs torch, safetensors.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

import golden_io
from golden_io import PAD

CONFIG = dict(vocab=23, dim=16, encoder_layers=2, decoder_layers=2, heads=2, ffn_dim=32, max_positions=12,
              layernorm_embedding=False, scale_embedding=True)


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(dim, dim) for _ in range(4))

    def forward(self, x, memory, visible):
        """visible: broadcastable to [B, H, T, S], True where a key may be seen."""
        def split(states):
            return states.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        q = split(self.q_proj(x) * (x.shape[-1] // self.heads) ** -0.5)
        scores = q @ split(self.k_proj(memory)).transpose(-1, -2)
        probs = scores.masked_fill(~visible, -math.inf).softmax(-1)
        return self.out_proj((probs @ split(self.v_proj(memory))).transpose(1, 2).flatten(-2))


class Layer(nn.Module):
    def __init__(self, config, cross):
        super().__init__()
        dim, self.pre_norm, self.activation = config["dim"], config["pre_norm"], config["activation"]
        self.self_attn, self.self_attn_layer_norm = Attention(dim, config["heads"]), nn.LayerNorm(dim)
        if cross:
            self.encoder_attn, self.encoder_attn_layer_norm = Attention(dim, config["heads"]), nn.LayerNorm(dim)
        self.fc1, self.fc2 = nn.Linear(dim, config["ffn_dim"]), nn.Linear(config["ffn_dim"], dim)
        self.final_layer_norm = nn.LayerNorm(dim)

    def residual(self, x, norm, branch):
        return x + branch(norm(x)) if self.pre_norm else norm(x + branch(x))

    def forward(self, x, visible, memory=None, memory_visible=None):
        x = self.residual(x, self.self_attn_layer_norm, lambda y: self.self_attn(y, y, visible))
        if memory is not None:
            x = self.residual(x, self.encoder_attn_layer_norm, lambda y: self.encoder_attn(y, memory, memory_visible))
        activation = F.gelu if self.activation == "gelu" else F.relu
        return self.residual(x, self.final_layer_norm, lambda y: self.fc2(activation(self.fc1(y))))


class Stack(nn.Module):
    """Token table of the owner, positions, layers, and the norm at the end of a pre-norm stack."""

    def __init__(self, config, layers, cross):
        super().__init__()
        self.dim = config["dim"]
        rows = config["max_positions"] + 2  # position p has row p + 2
        if config["positions"] == "learned":
            self.embed_positions = nn.Embedding(rows, self.dim)
        else:
            self.register_buffer("sinusoids", sinusoids(rows, self.dim), persistent=False)
        self.layers = nn.ModuleList(Layer(config, cross) for _ in range(layers))
        if config["pre_norm"]:
            self.layer_norm = nn.LayerNorm(self.dim)

    def forward(self, ids, table, visible, *memory):
        positions = self.embed_positions.weight if hasattr(self, "embed_positions") else self.sinusoids
        x = F.embedding(ids, table) * self.dim**0.5 + positions[2:2 + ids.shape[1]]
        for layer in self.layers:
            x = layer(x, visible, *memory)
        return self.layer_norm(x) if hasattr(self, "layer_norm") else x


def sinusoids(rows, dim):
    frequencies = torch.exp(torch.arange(dim // 2).double() * -(math.log(10000) / (dim // 2 - 1)))
    angles = torch.arange(rows).double()[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], 1)


class Transformer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embed_tokens = nn.Embedding(config["vocab"], config["dim"])
        self.encoder = Stack(config, config["encoder_layers"], cross=False)
        self.decoder = Stack(config, config["decoder_layers"], cross=True)

    def forward(self, source, target_in):
        keys = (source != PAD)[:, None, None, :]
        causal = torch.ones(target_in.shape[1], target_in.shape[1]).tril().bool()
        table = self.embed_tokens.weight
        memory = self.encoder(source, table, keys)
        return memory, self.decoder(target_in, table, causal, memory, keys) @ table.T


def initialise(model, generator):
    """Scales at which every part of the model matters: no gradient is negligible, no softmax saturated."""
    for path, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "layer_norm.weight" in path:
            parameter.data = 1 + 0.1 * noise
        elif parameter.dim() == 1:
            parameter.data = 0.1 * noise
        else:
            parameter.data = noise * parameter.shape[-1] ** -0.5
    return model.double()


def make(name, seed, **options):
    config = CONFIG | options
    generator = torch.Generator().manual_seed(seed)
    model = initialise(Transformer(config), generator)
    batch = golden_io.ragged_batch(config["vocab"], generator)

    def loss():
        return golden_io.mean_loss(model(batch["source"], batch["target_in"])[1], batch["target_out"],
                                   golden_io.SMOOTHING)

    memory, logits = model(batch["source"], batch["target_in"])
    value = loss()
    value.backward()
    parameters = {path: p.detach().clone() for path, p in model.named_parameters()}
    gradients = {path: p.grad.clone() for path, p in model.named_parameters()}
    outputs = {"encoder_states": memory * (batch["source"] != PAD)[..., None], "logits": logits, "loss": value}
    training = golden_io.training_losses(model, loss)
    golden_io.write(name, parameters, gradients, batch, outputs, {
        "torch": torch.__version__, "seed": seed, "config": config, "smoothing": golden_io.SMOOTHING,
        "training": training})


if __name__ == "__main__":
    make("transformer_pre", 1, pre_norm=True, activation="gelu", positions="learned")
    make("transformer_post", 2, pre_norm=False, activation="relu", positions="sinusoidal")

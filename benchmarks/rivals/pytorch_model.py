"""The encoder-decoder transformer of nn/transformer in PyTorch: one token table for source, target and output."""

import math

import torch
from torch import nn
from torch.nn import functional

from fake_quant import Quantizers

DROPOUT = 0.1


def linear(x, layer, quant):
    return functional.linear(x, quant.weight(layer.weight), layer.bias)


class Attention(nn.Module):
    """Multi-head attention; the projections that read the same states are one product."""

    def __init__(self, shape, quant, is_cross):
        super().__init__()
        self.heads, self.quant = shape.heads, quant
        dim = shape.dim
        self.scale = (dim // shape.heads) ** -0.5
        self.q = nn.Linear(dim, dim) if is_cross else None
        self.kv = nn.Linear(dim, 2 * dim if is_cross else 3 * dim)
        self.out = nn.Linear(dim, dim)

    def states(self, x, memory):
        if self.q is None:
            return linear(self.quant.token(x), self.kv, self.quant).chunk(3, -1)
        query = linear(self.quant.token(x), self.q, self.quant)
        return query, *linear(self.quant.token(memory), self.kv, self.quant).chunk(2, -1)

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, memory=None, causal=False, trace=None):
        q, k, v = self.states(x, memory)
        if trace is None and not self.quant.on:
            context = functional.scaled_dot_product_attention(self.split(q), self.split(k), self.split(v),
                                                              is_causal=causal)
        else:
            q, k, v = (self.split(self.quant.token(state)) for state in (q * self.scale, k, v))
            scores = q @ k.transpose(-1, -2)
            if causal:
                hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
                scores = scores.masked_fill(hidden, -torch.inf)
            probs = functional.softmax(scores, -1)
            if trace is not None:
                trace.append((probs, causal))
            context = self.quant.probs(probs) @ v
        return linear(self.quant.token(context.transpose(1, 2).flatten(2)), self.out, self.quant)


class Layer(nn.Module):
    """Of the encoder, or with `is_decoder` of the decoder."""

    def __init__(self, shape, quant, is_decoder):
        super().__init__()
        self.quant, self.pre_norm = quant, shape.pre_norm
        self.activation = {"relu": functional.relu, "gelu": functional.gelu}[shape.activation]
        self.attention = Attention(shape, quant, False)
        self.cross = Attention(shape, quant, True) if is_decoder else None
        self.fc1, self.fc2 = nn.Linear(shape.dim, shape.ffn_dim), nn.Linear(shape.ffn_dim, shape.dim)
        self.norms = nn.ModuleList(nn.LayerNorm(shape.dim) for _ in range(3 if is_decoder else 2))

    def residual(self, x, norm, branch):
        if self.pre_norm:
            return x + functional.dropout(branch(norm(x)), DROPOUT, self.training)
        return norm(x + functional.dropout(branch(x), DROPOUT, self.training))

    def feed_forward(self, x):
        hidden = self.activation(linear(self.quant.token(x), self.fc1, self.quant))
        return linear(self.quant.hidden(hidden), self.fc2, self.quant)

    def forward(self, x, memory=None, trace=None):
        is_decoder = self.cross is not None
        x = self.residual(x, self.norms[0], lambda h: self.attention(h, None, is_decoder, trace))
        if is_decoder:
            x = self.residual(x, self.norms[1], lambda h: self.cross(h, memory, False, trace))
        return self.residual(x, self.norms[-1], self.feed_forward)


class Stack(nn.Module):
    """Encoder or decoder with its embeddings; the token table belongs to the model."""

    def __init__(self, shape, quant, is_decoder):
        super().__init__()
        self.quant = quant
        self.scale = math.sqrt(shape.dim) if shape.scale_embedding else 1.0
        self.positions = nn.Parameter(0.02 * torch.randn(shape.max_positions, shape.dim),
                                      requires_grad=shape.learned_positions)
        self.first_norm = nn.LayerNorm(shape.dim) if shape.layernorm_embedding else nn.Identity()
        self.layers = nn.ModuleList(Layer(shape, quant, is_decoder) for _ in range(shape.layers))
        self.last_norm = nn.LayerNorm(shape.dim) if shape.pre_norm else nn.Identity()

    def forward(self, ids, table, memory=None, trace=None):
        rows = self.quant.weight(functional.embedding(ids, table))  # scales are by row: encode only what is read
        x = self.first_norm(rows * self.scale + self.positions[:ids.shape[1]])
        x = functional.dropout(x, DROPOUT, self.training)
        for layer in self.layers:
            if trace is not None:
                trace.append((x, False))
            x = layer(x, memory, trace)
        if trace is not None:
            trace.append((x, False))
        return self.last_norm(x)


class Model(nn.Module):
    def __init__(self, shape, recipe, output_bits):
        super().__init__()
        self.quant = quant = Quantizers(recipe, output_bits, shape.activation)
        self.table = nn.Parameter(0.02 * torch.randn(shape.vocab, shape.dim))
        self.bias = nn.Parameter(torch.zeros(shape.vocab)) if shape.logits_bias else None
        self.encoder, self.decoder = Stack(shape, quant, False), Stack(shape, quant, True)

    def forward(self, source, target, trace=None):
        """Logits [B, T, V]. A `trace` list receives hidden states and attention probabilities of every layer, each
        with whether a causal mask holds half of it at zero."""
        memory = self.encoder(source, self.table, None, trace)
        states = self.decoder(target, self.table, memory, trace)
        return functional.linear(self.quant.token(states), self.quant.output_weight(self.table), self.bias)

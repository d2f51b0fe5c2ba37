#!/usr/bin/env python3
"""A training step in eager PyTorch, with the flags and the JSON of `lowbit bench train-step`.

PyTorch's own layers at their best setting on a CPU: fused QKV projection, scaled_dot_product_attention (no dropout on
probabilities, as BART and the quickstart model have it), fused AdamW. Random weights and tokens, no padding, dropout
0.1, label smoothing 0.1; bf16 is autocast over float32 weights. Tokens are those of source and target. peak_bytes is
the process's resident peak, with PyTorch itself. Needs torch.
"""

import math
import warnings
from time import perf_counter

import common

SMOOTHING = DROPOUT = 0.1


def build(shape):
    import torch
    from torch import nn

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            dim = shape.dim
            self.embed_tokens = nn.Embedding(shape.vocab, dim)
            nn.init.normal_(self.embed_tokens.weight, std=0.02)
            positions = 0.02 * torch.randn(shape.max_positions, dim)
            self.positions = nn.Parameter(positions, requires_grad=shape.learned_positions)
            norm = nn.LayerNorm if shape.layernorm_embedding else nn.Identity
            self.source_norm, self.target_norm = norm(dim), norm(dim)
            self.dropout = nn.Dropout(DROPOUT)
            self.transformer = nn.Transformer(dim, shape.heads, shape.layers, shape.layers, shape.ffn_dim, DROPOUT,
                                              shape.activation, batch_first=True, norm_first=shape.pre_norm)
            if not shape.pre_norm:
                self.transformer.encoder.norm = self.transformer.decoder.norm = None
            for module in self.transformer.modules():
                if isinstance(module, nn.MultiheadAttention):
                    module.dropout = 0.0
                if isinstance(module, (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)):
                    module.dropout = nn.Identity()  # after the activation

        def embed(self, ids, norm):
            scale = math.sqrt(shape.dim) if shape.scale_embedding else 1.0
            return self.dropout(norm(self.embed_tokens(ids) * scale + self.positions[:ids.shape[1]]))

        def forward(self, source, target):
            causal = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
            states = self.transformer(self.embed(source, self.source_norm), self.embed(target, self.target_norm),
                                      tgt_mask=causal, tgt_is_causal=True)
            return states @ self.embed_tokens.weight.T

    return Model()


def main():
    options = common.parse(__doc__.splitlines()[0], batch=8, src=128, tgt=64, dtype="f32", recipe="none")
    import torch

    warnings.filterwarnings("ignore", "enable_nested_tensor")  # concerns inference only
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    if options.dtype not in ("f32", "bf16") or options.recipe != "none":
        raise SystemExit("PyTorch runs --dtype f32 or bf16 and --recipe none")
    shape = common.MODELS[options.model]
    model = build(shape).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    source = torch.randint(4, shape.vocab, (options.batch, options.src))
    target = torch.randint(4, shape.vocab, (options.batch, options.tgt + 1))

    seconds = {"forward_s": [], "backward_s": [], "optimizer_s": [], "step_s": []}
    for round_number in range(2 + options.rounds):
        start = perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=options.dtype == "bf16"):
            logits = model(source, target[:, :-1])
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), target[:, 1:].flatten(),
                                                     label_smoothing=SMOOTHING)
        forward = perf_counter()
        loss.backward()
        backward = perf_counter()
        optimizer.step()
        optimizer.zero_grad()
        end = perf_counter()
        if round_number >= 2:
            for phase, value in zip(seconds, (forward - start, backward - forward, end - backward, end - start)):
                seconds[phase].append(value)
    common.report(options, f"PyTorch {torch.__version__}", seconds, options.batch * (options.src + options.tgt))


if __name__ == "__main__":
    main()

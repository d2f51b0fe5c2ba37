#!/usr/bin/env python3
"""A training step in PyTorch, eager or (--compile) compiled, with the flags and the JSON of `lowbit bench train-step`.

PyTorch at its best setting on a CPU: one product for q, k and v, scaled_dot_product_attention (no dropout on
probabilities, as BART and the quickstart model have it), fused AdamW. Random weights and tokens, no padding, dropout
0.1, label smoothing 0.1; bf16 is autocast over float32 weights. A recipe is fake quantization (fake_quant.py), the only
way to train TBT in PyTorch; it and a teacher need the attention probabilities, which PyTorch's own attention does not
give out. A teacher adds its forward pass and the losses of `lowbit distill`: cross entropy with its distribution, squared
error of hidden states and of probabilities. Tokens are target tokens. Needs torch.
"""

from time import perf_counter

import common

SMOOTHING = 0.1


def main():
    options = common.parse(__doc__.splitlines()[0], batch=8, src=128, tgt=64, dtype="f32", recipe="none",
                           output_bits=0, teacher=False, compile=False)
    import torch
    from torch.nn import functional

    from pytorch_model import Model

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    if options.dtype not in ("f32", "bf16"):
        raise SystemExit("PyTorch runs --dtype f32 or bf16")
    shape = common.MODELS[options.model]
    model = Model(shape, options.recipe, options.output_bits).train()
    teacher = Model(shape, "none", 0).eval().requires_grad_(False) if options.teacher else None
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0, fused=True)
    source = torch.randint(4, shape.vocab, (options.batch, options.src))
    target_in = torch.randint(4, shape.vocab, (options.batch, options.tgt))
    target_out = torch.randint(4, shape.vocab, (options.batch, options.tgt)).flatten()

    def step_loss():
        if teacher is None:
            logits = model(source, target_in)
            return functional.cross_entropy(logits.flatten(0, 1).float(), target_out, label_smoothing=SMOOTHING)
        with torch.no_grad():
            wanted = []
            wanted_probs = functional.softmax(teacher(source, target_in, wanted).flatten(0, 1).float(), -1)
        trace = []
        logits = model(source, target_in, trace).flatten(0, 1).float()
        loss = functional.cross_entropy(logits, target_out, label_smoothing=SMOOTHING)
        loss = loss + functional.cross_entropy(logits, wanted_probs)
        pairs = 2 * options.tgt / (options.tgt + 1)  # a mean over the pairs that a causal mask leaves
        for (mine, causal), (its, _) in zip(trace, wanted):
            loss = loss + functional.mse_loss(mine.float(), its.float()) * (pairs if causal else 1)
        return loss

    if options.compile:
        torch._dynamo.config.recompile_limit = 1000  # one for each shape that is quantized; beyond 8 it would stay eager
        step_loss = torch.compile(step_loss)
    seconds = {"forward_s": [], "backward_s": [], "optimizer_s": [], "step_s": []}
    common.reset_peak_rss()
    for round_number in range(options.warmup + options.rounds):
        start = perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=options.dtype == "bf16"):
            loss = step_loss()
        forward = perf_counter()
        loss.backward()
        backward = perf_counter()
        optimizer.step()
        optimizer.zero_grad()
        end = perf_counter()
        if round_number >= options.warmup:
            for phase, value in zip(seconds, (forward - start, backward - forward, end - backward, end - start)):
                seconds[phase].append(value)
    common.report(options, f"PyTorch {torch.__version__}", seconds, target_out.numel())


if __name__ == "__main__":
    main()

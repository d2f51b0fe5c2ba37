"""What the golden scripts of whole models share: ragged batches, the loss, and one layout of files.

A model NAME gives two safetensors files beside this script:
  NAME.safetensors        parameters by path, "input.*" (i32), "output.*"; metadata "golden": config, versions,
                          training losses and more as one JSON object
  NAME_grads.safetensors  gradients of the mean loss by path
Everything is computed in float64 from float32 parameters and stored as float32, so that a test's tolerance is that of
the tested library alone.
"""

import json
import pathlib

import torch
from safetensors.torch import save_file

BOS, PAD, EOS = 0, 1, 2
SMOOTHING = 0.1
LIMIT = 64 * 1024


def save_torch(folder, name, value, **options):
    """torch.save into a folder beside this script, within what a golden file may have."""
    path = pathlib.Path(__file__).parent / folder / name
    path.parent.mkdir(exist_ok=True)
    torch.save(value, path, **options)
    path.chmod(0o644)
    assert path.stat().st_size <= LIMIT, f"{path} has {path.stat().st_size} bytes"


def ragged_batch(vocabulary, generator):
    """Three sentence pairs, padded on the right; eos ends each source and target and starts each decoder input."""
    def rows(lengths):
        result = torch.full((len(lengths), max(lengths)), PAD)
        for row, length in zip(result, lengths):
            row[:length] = torch.randint(4, vocabulary, (length,), generator=generator)
            row[length - 1] = EOS
        return result

    source, target_out = rows([7, 3, 5]), rows([4, 6, 5])
    target_in = torch.full_like(target_out, PAD)
    target_in[:, 0] = EOS
    target_in[:, 1:] = target_out[:, :-1].masked_fill(target_out[:, :-1] == EOS, PAD)
    return {"source": source, "target_in": target_in, "target_out": target_out}


def mean_loss(logits, target, smoothing):
    """fairseq's label smoothing: 1 - smoothing on the reference, smoothing / (V - 1) on every other token; the mean
    over the tokens that are not padding."""
    log_probs = logits.log_softmax(-1)
    other = smoothing / (logits.shape[-1] - 1)
    nll = -log_probs.gather(-1, target[..., None]).squeeze(-1)
    loss = (1 - smoothing - other) * nll - other * log_probs.sum(-1)
    visible = target != PAD
    return loss[visible].sum() / visible.sum()


def training_losses(model, loss, steps=10):
    """Losses before each of `steps` AdamW updates on one batch; only tables and matrices decay."""
    settings = dict(lr=3e-3, betas=(0.9, 0.98), eps=1e-8)
    weights = [p for p in model.parameters() if p.dim() == 2]
    vectors = [p for p in model.parameters() if p.dim() != 2]
    optimizer = torch.optim.AdamW([dict(params=weights, weight_decay=0.01), dict(params=vectors, weight_decay=0.0)],
                                  **settings)
    losses = []
    for _ in range(steps):
        value = loss()
        losses.append(round(value.item(), 10))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return {"losses": losses, "weight_decay": 0.01, **settings}


def write(name, parameters, gradients, inputs, outputs, metadata):
    folder = pathlib.Path(__file__).parent
    tensors = {path: value.detach().float() for path, value in parameters.items()}
    tensors |= {"input." + key: value.int() for key, value in inputs.items()}
    tensors |= {"output." + key: value.detach().float() for key, value in outputs.items()}
    # What is zero in exact arithmetic (key biases: softmax ignores shifts) must not come out as float64's noise.
    grads = {path: value.masked_fill(value.abs() < 1e-12, 0.0).float() for path, value in gradients.items()}
    for path, content, notes in ((folder / f"{name}.safetensors", tensors, metadata),
                                 (folder / f"{name}_grads.safetensors", grads, {"of": "output.loss"})):
        contiguous = {key: value.contiguous() for key, value in content.items()}
        save_file(contiguous, path, {"golden": json.dumps(notes)})
        assert path.stat().st_size <= LIMIT, f"{path} has {path.stat().st_size} bytes"

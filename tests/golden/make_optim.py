#!/usr/bin/env python3
"""Writes optim_steps.json and optim_schedules.json: what PyTorch and Transformers compute, in f64, for tests/optim.

Steps: one tensor of 19 elements, 10 updates, the learning rate falls from one to the next; parameter and moments after
updates 1, 2 and 10. The fairseq form of Adam is PyTorch's with eps / sqrt(1 - beta2^t) for eps at update t (an
identity of the two formulas). Schedules: the learning rate for 0, 1, 2, ... updates done, at a peak of 1.

Made with torch 2.15.0 and transformers 5.23.0: python3 make_optim.py
"""
import json
import pathlib

import torch
import transformers

HERE = pathlib.Path(__file__).parent
COUNT, UPDATES, KEPT = 19, 10, (1, 2, 10)


def learning_rate(update):
    return 0.05 / update


def steps(make, eps_of=None):
    torch.manual_seed(11)
    start = torch.randn(COUNT)
    grads = [torch.randn(COUNT) * 10.0 ** torch.randint(-4, 1, (COUNT,)) for _ in range(UPDATES)]
    p = start.double().clone().requires_grad_(True)
    optimizer = make(p)
    group = optimizer.param_groups[0]
    states = {}
    for update, grad in enumerate(grads, 1):
        group["lr"] = learning_rate(update)
        if eps_of:
            group["eps"] = eps_of(update)
        p.grad = grad.double()
        optimizer.step()
        if update in KEPT:
            state = {k: v.tolist() for k, v in optimizer.state[p].items() if torch.is_tensor(v) and v.dim()}
            states[str(update)] = {"parameter": p.tolist()} | state
    return {"start": start.tolist(), "grads": [g.tolist() for g in grads], "after": states}


def all_steps():
    adam, adamw, sgd = torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD
    cases = {
        "adamw": steps(lambda p: adamw([p], betas=(0.9, 0.98), eps=1e-3, weight_decay=0.1)),
        "adam_l2": steps(lambda p: adam([p], betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1)),
        "adamw_fairseq": steps(
            lambda p: adamw([p], betas=(0.9, 0.98), weight_decay=0.1), lambda t: 1e-3 / (1 - 0.98**t) ** 0.5
        ),
        "sgd": steps(lambda p: sgd([p], lr=1, weight_decay=0.1)),
        "momentum": steps(lambda p: sgd([p], lr=1, momentum=0.9)),
        "nesterov": steps(lambda p: sgd([p], lr=1, momentum=0.9, nesterov=True, weight_decay=0.1)),
    }
    # The inputs are the same for all.
    first = cases["adamw"]
    return {"start": first["start"], "grads": first["grads"], "after": {k: c["after"] for k, c in cases.items()}}


def rates(make, count, peak=1.0):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak)
    scheduler = make(optimizer)
    values = []
    for _ in range(count):
        values.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return values


def tri_stage(optimizer, warmup, hold, decay, init, final):
    lr = torch.optim.lr_scheduler
    parts = [
        lr.LinearLR(optimizer, start_factor=init, end_factor=1.0, total_iters=warmup),
        lr.ConstantLR(optimizer, factor=1.0, total_iters=0),
        lr.ExponentialLR(optimizer, gamma=final ** (1 / decay)),
    ]
    return lr.SequentialLR(optimizer, parts, milestones=[warmup, warmup + hold])


def all_schedules():
    t = transformers.optimization
    wsd = lambda kind: lambda o: t.get_wsd_schedule(o, 5, 10, decay_type=kind, num_stable_steps=15, min_lr_ratio=0.0)
    return {
        "constant_with_warmup": rates(lambda o: t.get_constant_schedule_with_warmup(o, 5), 20),
        "linear": rates(lambda o: t.get_linear_schedule_with_warmup(o, 5, 30), 33),
        "linear_without_warmup": rates(lambda o: t.get_linear_schedule_with_warmup(o, 0, 30), 33),
        "polynomial": rates(lambda o: t.get_polynomial_decay_schedule_with_warmup(o, 5, 30, lr_end=0.1, power=2.0), 33),
        "cosine": rates(lambda o: t.get_cosine_schedule_with_warmup(o, 5, 30), 31),
        "cosine_min": rates(lambda o: t.get_cosine_with_min_lr_schedule_with_warmup(o, 5, 30, min_lr_rate=0.1), 31),
        "cosine_restarts": rates(
            lambda o: t.get_cosine_with_hard_restarts_schedule_with_warmup(o, 5, 30, num_cycles=3), 33
        ),
        "inverse_sqrt": rates(lambda o: t.get_inverse_sqrt_schedule(o, 5), 33),
        "inverse_sqrt_timescale": rates(lambda o: t.get_inverse_sqrt_schedule(o, 5, timescale=40), 33),
        "wsd_linear": rates(wsd("linear"), 33),
        "wsd_cosine": rates(wsd("cosine"), 33),
        "wsd_sqrt": rates(wsd("1-sqrt"), 33),
        "tri_stage": rates(lambda o: tri_stage(o, 5, 10, 15, 0.01, 0.05), 30),
    }


(HERE / "optim_steps.json").write_text(json.dumps(all_steps()) + "\n")
(HERE / "optim_schedules.json").write_text(json.dumps(all_schedules(), indent=1) + "\n")

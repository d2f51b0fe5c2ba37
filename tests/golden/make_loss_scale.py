"""Traces of loss scale and skips on one recorded sequence of gradients, for tests/optim/loss_scaler_test.cpp.

The torch column is PyTorch's own GradScaler. The others are each tool's update rule, written as that tool writes it and not
as lowbit does. A gradient is its largest magnitude before scaling, as a power of two; None is NaN, which no scale makes
finite. It overflows when 2^e * scale reaches 65520, the first value that rounds to infinity in f16.

Usage: python make_loss_scale.py    writes loss_scale.json beside itself; needs torch.
"""

import json
import math
import pathlib
import random

import torch

WINDOW = 20  # a short growth interval, so that a few hundred attempts see every transition


def gradients(count=400):
    rng = random.Random(7)
    level, result = 3.0, []
    for i in range(count):
        level += rng.gauss(0, 0.4)
        level = min(max(level, -6), 9)
        result.append(None if rng.random() < 0.01 else round(level, 3))
    result[200:206] = [None] * 6  # a burst that no scale cures
    return result


def overflows(exponent, scale):
    return exponent is None or 2.0**exponent * scale >= 65520


def trace(sequence, scale_of, attempt):
    scales, skips = [], []
    for exponent in sequence:
        scale = scale_of()
        found = overflows(exponent, scale)
        try:
            attempt(found)
        except FloatingPointError:
            scales.append(scale), skips.append(2)
            break
        scales.append(scale), skips.append(int(found))
    return {"log2_scale": [math.log2(s) for s in scales], "skip": skips}


class Torch:
    def __init__(self):
        self.weight = torch.zeros(1, requires_grad=True)
        self.optimizer = torch.optim.SGD([self.weight], lr=0.0)
        self.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**16, growth_interval=WINDOW)
        self.scaler.scale(torch.zeros(1))  # makes the scale a tensor

    def scale(self):
        return self.scaler.get_scale()

    def attempt(self, found):
        self.weight.grad = torch.full((1,), math.inf if found else 1.0)
        self.scaler.step(self.optimizer)
        self.scaler.update()


class Fairseq:
    def __init__(self, init=128.0, tolerance=0.0, threshold=None):
        self.value, self.tolerance, self.threshold, self.minimum = init, tolerance, threshold, 1e-4
        self.iter, self.last_overflow, self.last_rescale, self.overflows = 0, -1, -1, 0

    def scale(self):
        return self.value

    def attempt(self, found):
        if found:
            before = self.value
            since = self.iter - self.last_rescale
            self.last_overflow = self.iter
            self.overflows += 1
            if self.overflows / since >= self.tolerance:
                self.value /= 2
                if self.threshold is not None:
                    self.value = max(self.value, self.threshold)
                self.last_rescale = self.iter
                self.overflows = 0
            if self.value <= self.minimum:
                self.value = before
                raise FloatingPointError
        elif (self.iter - self.last_overflow) % WINDOW == 0:
            self.value *= 2
            self.last_rescale = self.iter
        self.iter += 1


class Apex:
    def __init__(self):
        self.value, self.unskipped = 2.0**16, 0

    def scale(self):
        return self.value

    def attempt(self, found):
        if found:
            self.value, self.unskipped = self.value / 2, 0
        else:
            self.unskipped += 1
        if self.unskipped == WINDOW:
            self.value, self.unskipped = min(2.0**24, self.value * 2), 0


class DeepSpeed:
    def __init__(self):
        self.value, self.iter, self.last_overflow, self.budget = 2.0**16, 0, -1, 2

    def scale(self):
        return self.value

    def attempt(self, found):
        if found:
            if self.budget == 1:
                if self.value == 1:
                    raise FloatingPointError
                self.value = max(self.value / 2, 1)
            else:
                self.budget -= 1
            self.last_overflow = self.iter
        elif (self.iter - self.last_overflow) % WINDOW == 0:
            self.budget = 2
            self.value *= 2
        self.iter += 1


class Megatron:
    def __init__(self):
        self.value, self.growth, self.hysteresis = 2.0**32, 0, 2

    def scale(self):
        return self.value

    def attempt(self, found):
        if found:
            self.growth = 0
            self.hysteresis -= 1
            if self.hysteresis <= 0:
                self.value = max(self.value / 2, 1)
        else:
            self.growth += 1
            if self.growth == WINDOW:
                self.growth, self.hysteresis = 0, 2
                self.value *= 2


class Flashlight:
    """As meant: doubling within [1e-4, 2^14]; the released code adds 2 instead."""

    def __init__(self):
        self.value, self.good = 4096.0, 0

    def scale(self):
        return self.value

    def attempt(self, found):
        if found:
            self.good = 0
            if self.value / 2 < 1e-4:
                raise FloatingPointError
            self.value /= 2
        else:
            self.good += 1
            if self.good % WINDOW == 0:
                self.value = min(self.value * 2, 2.0**14)


class Fixed:
    def __init__(self, value):
        self.value = value

    def scale(self):
        return self.value

    def attempt(self, found):
        pass


class Ours:
    """Two overflows before the scale falls; the budget is whole again after 100 good attempts or when the scale grows."""

    def __init__(self):
        self.value, self.good, self.budget = 2.0**13, 0, 2

    def scale(self):
        return self.value

    def attempt(self, found):
        if found:
            self.good = 0
            if self.budget > 1:
                self.budget -= 1
                return
            if self.value / 2 < 2.0**-14:
                raise FloatingPointError
            self.value /= 2
            self.budget = 0
        else:
            self.good += 1
            if self.good % 100 == 0:
                self.budget = 2
            if self.good % WINDOW == 0:
                self.value = min(self.value * 2, 2.0**24)
                self.budget = 2


def main():
    sequence = gradients()
    endless = [None] * 40
    tools = {
        "ours": Ours,
        "fairseq": Fairseq,
        "fairseq tolerance 0.25": lambda: Fairseq(tolerance=0.25),
        "fairseq threshold 0.25": lambda: Fairseq(threshold=0.25),
        "torch": Torch,
        "apex": Apex,
        "deepspeed": DeepSpeed,
        "megatron": Megatron,
        "flashlight": Flashlight,
        "static": lambda: Fixed(128.0),
        "marian-compat": lambda: Fixed(8.0),
    }
    result = {"interval": WINDOW, "gradients": sequence, "traces": {}, "endless": {}}
    for name, make in tools.items():
        tool = make()
        result["traces"][name] = trace(sequence, tool.scale, tool.attempt)
    for name, init in {"fairseq": 128.0, "fairseq from 2^16": 2.0**16}.items():
        tool = Fairseq(init=init)
        result["endless"][name] = len(trace(endless, tool.scale, tool.attempt)["skip"])
    path = pathlib.Path(__file__).with_name("loss_scale.json")
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

"""Fake quantization of TBT (Liu et al. 2023, arXiv:2306.01841) for PyTorch, in the reading of recipes/tbt-2-2-8.yaml.

Values are rounded to the grid and stay floats; gradients go straight through. Each function is one autograd node that
saves nothing, the cheapest that eager PyTorch allows.
"""

import torch

RECIPES = {"tbt-2-2-8": 2, "tbt-1-1-8": 1}  # bits of weights and embeddings
OUTPUT_BITS = 8
GELU_MINIMUM = -0.16997  # of x * Phi(x); the least value of ReLU is 0


class StraightThrough(torch.autograd.Function):
    """values(x, *arguments) with the gradient of x."""

    @classmethod
    def forward(cls, ctx, x, *arguments):
        ctx.arguments = len(arguments)
        return cls.values(x.float(), *arguments).to(x.dtype)

    @staticmethod
    def backward(ctx, gradient):
        return gradient, *(None for _ in range(ctx.arguments))


class WeightRows(StraightThrough):
    """Rows on {-s, s}, s = mean|row|; on {-s, 0, s}, s = 4/3 mean|row|; or on 2^bits - 1 levels up to max|row|."""

    @staticmethod
    def values(w, bits):
        if bits == 1:
            scale = w.abs().mean(-1, keepdim=True)
            return torch.where(w >= 0, scale, -scale)
        if bits == 2:
            scale = w.abs().mean(-1, keepdim=True) * (4 / 3)
            return torch.round((w / scale).clamp_(-1, 1)).mul_(scale)
        return AbsMax.values(w, bits)


class AbsMax(StraightThrough):
    """Symmetric levels up to the largest magnitude of a token."""

    @staticmethod
    def values(x, bits):
        scale = x.abs().amax(-1, keepdim=True).clamp_(min=1e-30) / (2 ** (bits - 1) - 1)
        return torch.round(x / scale).mul_(scale)


class FromMinimum(StraightThrough):
    """256 levels between a constant and the largest value of a token."""

    @staticmethod
    def values(x, minimum):
        scale = (x.amax(-1, keepdim=True) - minimum).clamp_(min=1e-30) / 255
        return torch.round((x - minimum) / scale).mul_(scale).add_(minimum)


class Probabilities(StraightThrough):
    """256 levels between 0 and 1."""

    @staticmethod
    def values(p):
        return torch.round(p * 255).div_(255)


class Quantizers:
    """What stands at the places of a model; without a recipe, nothing."""

    def __init__(self, recipe, output_bits, activation):
        if recipe != "none" and recipe not in RECIPES:
            raise SystemExit(f"--recipe is none or one of {', '.join(RECIPES)}")
        self.on = recipe != "none"
        bits, minimum = RECIPES.get(recipe), GELU_MINIMUM if activation == "gelu" else 0.0

        def place(quantize):
            return quantize if self.on else lambda x: x

        self.weight = place(lambda w: WeightRows.apply(w, bits))
        self.output_weight = place(lambda w: WeightRows.apply(w, output_bits or OUTPUT_BITS))
        self.token = place(lambda x: AbsMax.apply(x, 8))
        self.hidden = place(lambda x: FromMinimum.apply(x, minimum))
        self.probs = place(Probabilities.apply)

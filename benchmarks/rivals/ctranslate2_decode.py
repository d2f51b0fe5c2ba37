#!/usr/bin/env python3
"""Greedy or beam decoding in CTranslate2, with the flags and the JSON of `lowbit bench decode`.

Random weights and source tokens, exactly --tokens steps. token_s is the time of a whole call, encoder included, divided
by the steps; tokens are those of all sentences. Needs ctranslate2 and numpy.
"""

import multiprocessing
import random
import tempfile
from time import perf_counter

import common


def is_table(path):
    """One token table serves source, target and output."""
    return path.split("/")[-1] == "weight" and path.split("/")[-2].startswith(("embeddings", "projection"))


def variable_shape(path, shape):
    """Extents of a variable of the specification by the last parts of its path."""
    dim, ffn = shape.dim, shape.ffn_dim
    *_, block, layer, kind = path.split("/")
    if kind in ("gamma", "beta"):
        return (dim,)
    if is_table(path):
        return (shape.vocab, dim)
    rows = {"self_attention": (3 * dim, dim), "attention": (dim, 2 * dim, dim), "ffn": (ffn, dim)}[block]
    return (rows[int(layer[-1])], ffn if (block, layer) == ("ffn", "linear_1") else dim)


def vocabulary_of(shape):
    return ["<s>", "<pad>", "</s>", "<unk>"] + [f"t{i}" for i in range(4, shape.vocab)]


def save_model(shape, folder):
    """A model folder with random weights."""
    import numpy as np
    from ctranslate2.specs import Activation, TransformerSpec

    activation = {"relu": Activation.RELU, "gelu": Activation.GELU}[shape.activation]
    spec = TransformerSpec.from_config((shape.layers, shape.layers), shape.heads, pre_norm=shape.pre_norm,
                                       no_final_norm=not shape.pre_norm, activation=activation,
                                       layernorm_embedding=shape.layernorm_embedding)
    generator = np.random.default_rng(1)

    def matrix(*extents):
        return (0.02 * generator.standard_normal(extents)).astype(np.float32)

    table = matrix(shape.vocab, shape.dim)  # of source, target and output

    def owner_of(path):
        """The part of the specification that holds a variable: "layer_0" in a path is layer[0]."""
        owner = spec
        for part in path.split("/")[:-1]:
            name, _, index = part.rpartition("_")
            owner = getattr(owner, part) if hasattr(owner, part) else getattr(owner, name)[int(index)]
        return owner

    for path in spec.variables():
        kind = path.split("/")[-1]
        if kind not in ("weight", "gamma", "beta"):
            continue
        extents = variable_shape(path, shape)
        owner = owner_of(path)
        if kind == "gamma":
            owner.gamma = np.ones(extents, np.float32)
        else:
            setattr(owner, kind, table if is_table(path) else matrix(*extents))
        if kind == "weight" and "/linear_" in path:
            owner.bias = matrix(extents[0])
    if shape.logits_bias:
        spec.decoder.projection.bias = matrix(shape.vocab)
    for stack in (spec.encoder, spec.decoder):
        stack.scale_embeddings = shape.scale_embedding
        stack.position_encodings.encodings = matrix(shape.max_positions, shape.dim)
    spec.register_source_vocabulary(vocabulary_of(shape))
    spec.register_target_vocabulary(vocabulary_of(shape))
    spec.validate()
    spec.optimize()  # equal tables are stored once
    spec.save(folder)


def main():
    options = common.parse(__doc__.splitlines()[0], batch=8, src=128, tokens=48, beam=1, compute="int8",
                           recipe="none")
    import ctranslate2

    if options.recipe != "none":
        raise SystemExit("CTranslate2 knows no recipes: give --recipe to lowbit alone, --compute to CTranslate2")
    shape = common.MODELS[options.model]
    with tempfile.TemporaryDirectory() as folder:
        builder = multiprocessing.Process(target=save_model, args=(shape, folder))  # its memory is not the decoder's
        builder.start()
        builder.join()
        translator = ctranslate2.Translator(folder, device="cpu", compute_type=options.compute,
                                            inter_threads=1, intra_threads=options.threads)
    random.seed(1)
    source = [random.choices(vocabulary_of(shape)[4:], k=options.src) for _ in range(options.batch)]

    seconds = {"token_s": []}
    common.reset_peak_rss()
    for round_number in range(options.warmup + options.rounds):
        start = perf_counter()
        results = translator.translate_batch(source, beam_size=options.beam, max_batch_size=options.batch,
                                             min_decoding_length=options.tokens, max_decoding_length=options.tokens)
        elapsed = perf_counter() - start
        assert all(len(result.hypotheses[0]) == options.tokens for result in results)
        if round_number >= options.warmup:
            seconds["token_s"].append(elapsed / options.tokens)
    common.report(options, f"CTranslate2 {ctranslate2.__version__} {options.compute}", seconds, options.batch)


if __name__ == "__main__":
    main()

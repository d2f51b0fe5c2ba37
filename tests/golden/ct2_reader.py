"""Reads CTranslate2's model.bin (version 6), as docs/formats.md describes it."""

import struct

import numpy as np

TYPES = [np.float32, np.int8, np.int16, np.int32, np.float16]


def read_model_bin(path):
    """Variables by name, and the aliases."""
    data, at = path.read_bytes(), 0

    def number(code):
        nonlocal at
        value, = struct.unpack_from("<" + code, data, at)
        at += struct.calcsize(code)
        return value

    def string():
        nonlocal at
        length = number("H")
        at += length
        return data[at - length:at - 1].decode()

    version, _, _ = number("I"), string(), number("I")
    assert version == 6
    variables, aliases = {}, {}
    for _ in range(number("I")):
        name = string()
        shape = [number("I") for _ in range(number("B"))]
        kind, size = number("B"), number("I")
        variables[name] = np.frombuffer(data[at:at + size], TYPES[kind]).reshape(shape)
        at += size
    for _ in range(number("I")):
        alias = string()
        aliases[alias] = string()
    assert at == len(data)
    return variables, aliases

#!/usr/bin/env python3
"""Draws how many times as fast as f32 each kind of low-bit product is, by rows and by the size of a square layer.

    benchmarks/break_even.py break-even.jsonl > break-even.svg        (the lines of layers.sh map)

The quicker of a shape's measurements counts. Red: slower than f32.
"""
import json
import math
import sys

KINDS = [("int8", "int8"), ("ternary", "int8"), ("binary", "int8"), ("binary", "binary")]
CELL_W, CELL_H, LEFT, TOP, GAP = 50, 24, 64, 66, 44


def read(path):
    """Seconds by (weights, inputs, rows, size), and those rows and sizes."""
    seconds = {}
    for line in open(path):
        row = json.loads(line)
        key = row["weights"], row["acts"], row["m"], row["k"]
        seconds[key] = min(row["call_s"], seconds.get(key, math.inf))
    return seconds, sorted({key[2] for key in seconds}), sorted({key[3] for key in seconds})


def colour(ratio):
    """White at 1, blue on the way to 64 times, red below."""
    if ratio < 1:
        return "#d55e00"
    share = min(math.log2(ratio) / 6, 1)
    return "#{:02x}{:02x}{:02x}".format(*(round(255 + share * (full - 255)) for full in (0, 114, 178)))


def panel(seconds, rows, sizes, kind, x, y):
    width = len(rows) * CELL_W
    yield f'<text x="{x}" y="{y - 26}" font-size="13" font-weight="bold">{kind[0]} weights, {kind[1]} inputs</text>'
    for i, m in enumerate(rows):
        yield f'<text x="{x + (i + 0.5) * CELL_W}" y="{y - 7}" font-size="11" text-anchor="middle" fill="#555">{m}</text>'
    for j, size in enumerate(sizes):
        top = y + j * CELL_H
        yield f'<text x="{x - 7}" y="{top + 16}" font-size="11" text-anchor="end" fill="#555">{size}</text>'
        for i, m in enumerate(rows):
            ratio = seconds["f32", "f32", m, size] / seconds[(*kind, m, size)]
            ink = "#fff" if ratio > 11 or ratio < 1 else "#222"
            yield (f'<rect x="{x + i * CELL_W}" y="{top}" width="{CELL_W - 2}" height="{CELL_H - 2}" fill="{colour(ratio)}"/>'
                   f'<text x="{x + (i + 0.5) * CELL_W - 1}" y="{top + 15}" font-size="11" text-anchor="middle" fill="{ink}">'
                   f'{ratio:.1f}</text>')
    yield f'<text x="{x + width / 2}" y="{y + len(sizes) * CELL_H + 14}" font-size="11" text-anchor="middle" fill="#555">size of the layer down, rows across</text>'


def main():
    seconds, rows, sizes = read(sys.argv[1])
    panel_w, panel_h = LEFT + len(rows) * CELL_W, len(sizes) * CELL_H + 84
    width, height = 2 * panel_w + GAP, TOP + 2 * panel_h
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
          'font-family="system-ui, \'DejaVu Sans\', Arial, sans-serif" role="img" aria-label="Speed of low-bit products over f32">')
    print('<rect width="100%" height="100%" rx="8" fill="#fff"/>')
    print('<text x="16" y="24" font-size="14" font-weight="bold">Times as fast as f32, quantization of the inputs included</text>')
    for i, kind in enumerate(KINDS):
        print("\n".join(panel(seconds, rows, sizes, kind, LEFT + i % 2 * (panel_w + GAP), TOP + 10 + i // 2 * panel_h)))
    print("</svg>")


if __name__ == "__main__":
    main()

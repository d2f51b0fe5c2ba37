#!/usr/bin/env python3
"""model.bin as CTranslate2's own converter writes it for the golden folders hf_bart and hf_mbart, in float32.

  make_ct2.py

Writes ct2_bart.bin and ct2_mbart.bin beside this script. Needs ctranslate2, torch and transformers.
"""

import pathlib
import shutil
import tempfile

import numpy as np
from ctranslate2.converters.transformers import BartLoader, MBartLoader
from transformers import AutoModelForSeq2SeqLM

HERE = pathlib.Path(__file__).parent


def make(name, loader, pre_norm):
    model = AutoModelForSeq2SeqLM.from_pretrained(HERE / f"hf_{name}")
    model.config.normalize_before = pre_norm  # which transformers no longer has, and the converter asks for
    spec = loader.get_model_spec(model)
    spec.decoder.num_heads = np.int16(model.config.decoder_attention_heads)  # the converter takes the encoder's
    vocabulary = [str(i) for i in range(model.config.vocab_size)]  # the golden folders have none
    spec.register_source_vocabulary(vocabulary)
    spec.register_target_vocabulary(vocabulary)
    spec.validate()
    spec.optimize()
    with tempfile.TemporaryDirectory() as folder:
        spec.save(folder)
        shutil.copy(pathlib.Path(folder) / "model.bin", HERE / f"ct2_{name}.bin")


if __name__ == "__main__":
    make("bart", BartLoader(), False)
    make("mbart", MBartLoader(), True)

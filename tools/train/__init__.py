"""Trains the cross-encoder and fits its calibration: `python -m tools.train`. `assistant/model/MODEL.md` has the results.

The data are `dossiers.py` and `examples.py`, from which `groups.py` makes what is trained on; `starting_weights.py` and
`spanish_pieces.py` are what the model begins with. `python -m tools.train.check` looks at the dossiers.

`python -m tools.train.encoder` trains the encoder (`index/encoders/minilm-en-es/MODEL.md`): `encoder_batches.py` makes what it is
trained on, and `sentence_encoder.py` writes its folder.
"""

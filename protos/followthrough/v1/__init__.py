"""Version 1 of the contract, and the code generated from it by `protos/generate.py`."""

"""The kit for testing policies: stories told with dates, and golden texts. For policy authors as for our own tests.

`pytest_plugins = ["workflows.testing.plugin"]` in a `conftest.py` gives the fixtures `tell` and `golden`.
"""

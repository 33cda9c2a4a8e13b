"""Dates on which a desk is closed, from outside: public holidays of a region, iCal files.

Each source gives a plain mapping, date as 'YYYY-MM-DD' to name, that `Calendar(closed=…)` takes. Years are stated,
never asked of a clock: the same arguments and the same locked libraries give the same dates.
"""

"""The roster's process: asks who is on duty, and has the record keep what changed. What follows is the judge's word."""

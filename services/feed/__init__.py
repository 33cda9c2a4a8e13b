"""Real incidents, driven through a running system in compressed time, and the proof that nothing was lost."""

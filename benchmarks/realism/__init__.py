"""How real the simulated alerts look: ``python -m benchmarks.realism``."""

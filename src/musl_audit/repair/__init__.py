"""What repair changes in a wheel: planned and predicted by pure functions, applied by adapters."""

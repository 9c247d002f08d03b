"""Real marketplace goods through the pipeline."""

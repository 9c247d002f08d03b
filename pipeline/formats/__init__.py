"""What carriers send, format by format: from bytes to manifest, filing or refusal."""

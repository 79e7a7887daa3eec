"""The search for the best prompt: candidates, how they are tried and compared, what bounds them, why they differ."""

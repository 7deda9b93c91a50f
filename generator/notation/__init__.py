"""The notation of specs: amounts, durations, patterns and names, read as values of the model."""

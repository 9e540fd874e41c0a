"""Sound: voice activity, loudness, spectrum, prosody, quality."""

"""Talking-face quality: how a viewer would judge a generated talking-face video, where it is weak, and why."""

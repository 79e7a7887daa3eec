"""The drawn world of the study `scenes`: its scenes, their words and their pictures."""

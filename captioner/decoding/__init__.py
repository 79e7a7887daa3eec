"""Several captions a picture, by beam search or by sampling: how they are worded, chosen among and told apart."""

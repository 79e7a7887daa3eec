"""The training of the miniature CLIP and the miniature GPT-2 of the drawn world."""

"""What the study compares: captioners, which word a picture after a prompt, whatever they are made of."""

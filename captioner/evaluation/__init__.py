"""All scores of one set of captions: against references, images and facts; retrieval, a control."""

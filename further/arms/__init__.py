"""Arms beside the headline's linear map, each trained from as many seeds: the study's own, and maps of patches."""

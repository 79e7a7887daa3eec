"""Pictures and their captions: COCO and tables of files, archives with a manifest, splits."""

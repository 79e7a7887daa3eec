"""A study that was built, as its commands and its web page use it; what of it can be carried to another machine."""

"""Files fetched from outside: over HTTP with a hash to hold them against, and from a model hub."""

"""The drawn world in several languages: one interface, each grammar a module, what counts as a word in each."""

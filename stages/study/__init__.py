"""How stages open what the study has made so far: each opening stated once, with the paths and parameters it takes."""

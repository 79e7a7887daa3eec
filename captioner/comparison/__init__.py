"""The comparison of prompts on one split: a module a family of tables, each with the columns and rows of its tables."""

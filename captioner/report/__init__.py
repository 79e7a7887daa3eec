"""What people read: figures, tables, sentences, for the paper."""

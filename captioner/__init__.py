"""The library behind the pipeline: values in, values out; it knows no path, no YAML and no DVC."""

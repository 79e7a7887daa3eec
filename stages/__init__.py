"""One file a stage, of the same name as in dvc.yaml: load, call the library, save."""

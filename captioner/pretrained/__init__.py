"""Pretrained backbones: found or fetched, and tried."""

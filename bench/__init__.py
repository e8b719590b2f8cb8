"""Measurements of speed, as ratios against upstream in the same run; nothing here is a test."""

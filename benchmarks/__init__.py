"""Measurements, each a ratio to a control of the same run: python -m benchmarks"""

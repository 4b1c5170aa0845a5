"""Custrata: customer tiering. Tables in, tiers with a reason out."""

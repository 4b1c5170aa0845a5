"""The methods, one file each: Ibis tables and plain values in, Ibis tables out."""

"""The twelve built-in schemes once more, in plain Python, written from the documented definitions alone.

`python -m benchmarks.recompute WORKSPACE` grades every published run of a workspace anew, customer by customer, and
says where the product differs. Nothing here is taken from the product but the tables of the lake and, for the
lifecycle, the lines a run says it has learned.
"""

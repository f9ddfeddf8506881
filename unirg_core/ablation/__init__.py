"""The ablation: which training pays, on drawn worlds whose truth is known (arXiv 2601.17151, Fig. 2b, Supp. Table 1).

An arm is one way to train, a pair is a world with a seed of training. Every arm runs on every pair, by the same stages
as a run; what it writes for the test sets is scored against the truth file. Intervals are t over pairs, and each pair
has a world of its own: so they hold the chance of seeds and of test patients both.
"""

"""Score and label files of reports: what `unirg score` and `unirg label` do; docs/score-files.md is their page.

A file is read into studies (`reading`), brought to the texts of one setting (`texts`), scored and compared
(`comparison`, `corpus`), set beside what costs nothing (`baselines`), and told (`printing`, `drawing`, `writing`,
`rexrank`). The scores themselves are those of `unirg_core.scores`, the ones that training is rewarded by.
"""

"""What `sft` and `rl` share: arguments, data in the order it is consumed, exact resume, rewards, and the alarm.

Nothing is imported here: TRL takes ten seconds to load, and only the stages that train pay for it.
"""

SECONDS = "seconds/"
"""Begins the name of a figure that is a time: it goes to whoever watches, and into no output."""

"""What every daemon needs around its flows: clock, ids, supervision, logs."""

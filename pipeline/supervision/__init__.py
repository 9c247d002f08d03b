"""Worker processes: started, watched, started again when they die, stopped in order."""

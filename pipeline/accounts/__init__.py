"""Room beside the three: the balance of each operator's account."""

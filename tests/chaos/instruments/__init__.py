"""What families of faults harm with: each instrument is a small file with tests of its own."""

"""What every archive carries beside its rows: a page to read and a program that checks it."""

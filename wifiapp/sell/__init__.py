"""The till: two taps from a customer's wish to a code."""

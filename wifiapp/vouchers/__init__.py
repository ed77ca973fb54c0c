"""Tokens on paper: sheets of vouchers to cut, for the browser's printer and as PDF."""

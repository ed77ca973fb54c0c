"""Plans and the tokens made from them."""

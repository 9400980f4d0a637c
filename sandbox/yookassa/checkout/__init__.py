"""The page where people pay."""

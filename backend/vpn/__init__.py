"""Keys on servers; knows no money and no subscription."""

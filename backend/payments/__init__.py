"""Money moving; knows no plan and no key."""

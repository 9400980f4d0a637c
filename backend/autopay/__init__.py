"""Renewal by itself: mandates; decides, then places an order like a buyer would."""

"""Analytics: what tracks mean to a store, as events."""

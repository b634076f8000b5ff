"""The performance cycle: plan, confirm, collect, evaluate, publish, appeal, apply."""

"""Recordings and chats in, inspected contacts and period evaluations out."""
